using ResLora.Formats.Errors;
using ResLora.Tensors;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Models.Diffusion.SingleFile;

/// <summary>Which tensor of an original checkpoint becomes which tensor of a pipeline. Nothing is read for it but names and
/// shapes.</summary>
public sealed class SingleFilePlan
{
    private const int ShownProblems = 8;
    private const string UNetStart = "model.diffusion_model.";

    private static readonly ScalarType[] _weightTypes = [ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float16, ScalarType.Float64];

    // Files that are another model's, known by how a name begins.
    private static readonly (string Start, string What)[] _others =
    [
        ("conditioner.embedders.", "a Stable Diffusion XL checkpoint, which is not supported; Stable Diffusion 1 and 2 are"),
        ("control_model.", "a ControlNet, which is not supported; take a checkpoint of the whole model"),
        ("model.diffusion_model.joint_blocks.", "a Stable Diffusion 3 checkpoint, which is not supported; Stable Diffusion 1 and 2 are"),
        ("model.diffusion_model.double_blocks.", "a Flux checkpoint, which is not supported; Stable Diffusion 1 and 2 are"),
    ];

    private SingleFilePlan(IReadOnlyList<PlannedTensor> tensors, IReadOnlyList<string> leftOut) => (Tensors, LeftOut) = (tensors, leftOut);

    /// <summary>The tensors of the pipeline, each once.</summary>
    public IReadOnlyList<PlannedTensor> Tensors { get; }

    /// <summary>The tensors of the file that are not needed, such as those of the noise schedule.</summary>
    public IReadOnlyList<string> LeftOut { get; }

    /// <summary>Makes the plan, or says all that does not fit.</summary>
    /// <param name="file">The file.</param>
    /// <param name="networks">The shapes of the tensors of each network by name, by the part of the pipeline.</param>
    /// <param name="averaged">Whether the UNet's averaged weights are taken.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="FileFormatException">The file is another kind of model's, or its tensors do not fit; they are named.</exception>
    /// <exception cref="ConfigException">There are no averaged weights.</exception>
    public static SingleFilePlan Of(
        ITensorFile file, IReadOnlyDictionary<string, IReadOnlyDictionary<string, long[]>> networks, bool averaged)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(networks);
        RequireKind(file, averaged);
        var layout = SingleFileLayout.Of(
            networks[PipelineParts.UNet].Keys, networks[PipelineParts.Autoencoder].Keys, networks[PipelineParts.TextEncoder].Keys);
        var (planned, leftOut, problems) = (
            new Dictionary<string, PlannedTensor>(StringComparer.Ordinal), new List<string>(), new List<string>());
        var claimed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in file.Tensors.Keys.Order(StringComparer.Ordinal))
        {
            if (layout.Find(name) is not { } targets)
            {
                problems.Add($"'{name}' is no tensor of Stable Diffusion 1 or 2");
                continue;
            }

            if (targets.Count == 0)
            {
                leftOut.Add(name);
            }

            foreach (var target in targets)
            {
                var full = $"{target.Component}.{target.Name}";
                claimed.Add(full);
                if (!networks[target.Component].TryGetValue(target.Name, out var shape))
                {
                    problems.Add($"'{name}' would be '{full}', which the configuration's network does not have");
                }
                else if (Source(name, averaged) is var source && !file.Tensors.TryGetValue(source, out var stored))
                {
                    problems.Add($"'{name}' has no averaged weights: '{source}' is missing{Instead(file, source)}");
                }
                else if (Problem(stored, target, shape) is { } problem)
                {
                    problems.Add($"'{source}' {problem}");
                }
                else if (!planned.TryAdd(full, new PlannedTensor(target, shape, source, stored.DataType)))
                {
                    problems.Add($"'{name}' and '{planned[full].Source}' both would be '{full}'");
                }
            }
        }

        problems.AddRange(Missing(file, networks, layout, claimed));
        if (problems.Count > 0)
        {
            var more = problems.Count > ShownProblems ? $" (and {problems.Count - ShownProblems} more)" : "";
            throw new FileFormatException(
                $"{file.Path}: the tensors do not fit the pipeline's configurations: {string.Join("; ", problems.Take(ShownProblems))}{more}.");
        }

        return new SingleFilePlan([.. planned.Values], leftOut);
    }

    private static void RequireKind(ITensorFile file, bool averaged)
    {
        foreach (var (start, what) in _others)
        {
            if (file.Tensors.Keys.FirstOrDefault(name => name.StartsWith(start, StringComparison.Ordinal)) is { } found)
            {
                throw new FileFormatException($"{file.Path}: this is {what} (it has '{found}').");
            }
        }

        if (!file.Tensors.Keys.Any(name => name.StartsWith(UNetStart, StringComparison.Ordinal)))
        {
            throw new FileFormatException(
                $"{file.Path}: this is no checkpoint of Stable Diffusion in one file: no tensor's name begins with '{UNetStart}'.");
        }

        if (averaged && !file.Tensors.Keys.Any(name => name.StartsWith(SingleFileLayout.AveragedPrefix, StringComparison.Ordinal)))
        {
            throw new ConfigException(
                $"{file.Path}: there are no averaged weights (names that begin with '{SingleFileLayout.AveragedPrefix}'); import it without --averaged.");
        }
    }

    private static string Source(string name, bool averaged) =>
        (averaged ? SingleFileLayout.Averaged(name) : null) ?? name;

    private static string? Problem(StoredTensor stored, OriginalTarget target, long[] shape)
    {
        if (!_weightTypes.Contains(stored.DataType))
        {
            return $"holds {stored.DataType} numbers; weights are {string.Join(", ", _weightTypes)}";
        }

        IReadOnlyList<long> expected = shape;
        if (target.Part != SourcePart.Whole)
        {
            expected = [checked(3 * shape[0]), .. shape.Skip(1)];
        }

        // Attention in the autoencoder was made of convolutions of one pixel.
        var isSqueezed = target.Component == PipelineParts.Autoencoder && target.Name.Contains(".attentions.", StringComparison.Ordinal)
            && shape.Length == 2 && stored.Shape.SequenceEqual([.. shape, 1, 1]);
        return isSqueezed || stored.Shape.SequenceEqual(expected)
            ? null
            : $"is [{string.Join(", ", stored.Shape)}], the configuration says [{string.Join(", ", expected)}] ({target.Component}.{target.Name})";
    }

    /// <summary>What the networks have and the file has not; with what stands in its place, where there is something.</summary>
    private static IEnumerable<string> Missing(
        ITensorFile file, IReadOnlyDictionary<string, IReadOnlyDictionary<string, long[]>> networks, SingleFileLayout layout,
        HashSet<string> claimed)
    {
        var foreign = file.NotTensors
            .Where(name => layout.Find(name) is { Count: > 0 })
            .Select(name => $"'{name}' is no tensor that can be read{Instead(file, name)}")
            .ToArray();
        return foreign.Concat(networks.SelectMany(network => network.Value.Keys
            .Select(name => $"{network.Key}.{name}")
            .Where(full => !claimed.Contains(full))
            .Select(full => $"there is no tensor for '{full}'")));
    }

    private static string Instead(ITensorFile file, string name) => file.Instead(name) is { } what ? $" ({what})" : "";
}
