using ResLora.Formats.Errors;
using ResLora.Models.Blocks;
using ResLora.Tensors.NativeRuntime;
using ResLora.Tensors.Safetensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>Puts weights into a network that was built on the meta device: from a checkpoint, or drawn at random.</summary>
public static class ModelWeights
{
    private const int ShownProblems = 8;

    private static readonly ScalarType[] _weightTypes = [ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float16, ScalarType.Float64];

    /// <summary>
    /// Gives every parameter the checkpoint's tensor of the same name. Without a change of dtype or device the tensors stay
    /// views of the mapped file: they cost page cache, not memory of the process.
    /// </summary>
    /// <param name="model">The network; its parameters become frozen (no gradients).</param>
    /// <param name="checkpoint">The open checkpoint; may be closed afterwards.</param>
    /// <param name="dtype">The dtype wanted, or null for the file's own: where it holds several, that of most numbers.</param>
    /// <param name="device">The device wanted.</param>
    /// <param name="ignored">Names in the checkpoint that the network has no use for (besides rotary frequencies).</param>
    /// <exception cref="FileFormatException">Tensors are missing, superfluous or of another shape; all are named.</exception>
    public static void Load(
        nn.Module model, CheckpointReader checkpoint, ScalarType? dtype, Device device, params IEnumerable<string> ignored)
    {
        HashSet<string> unused = [.. ignored];
        Load(model, checkpoint, dtype, device, new CheckpointLayout { IsIgnored = unused.Contains });
    }

    /// <summary>The same for a family whose checkpoints differ from its network.</summary>
    /// <param name="model">As for the other overload.</param>
    /// <param name="checkpoint">As for the other overload.</param>
    /// <param name="dtype">As for the other overload; what the layout keeps in float32 is so in any case.</param>
    /// <param name="device">As for the other overload.</param>
    /// <param name="layout">How they differ.</param>
    /// <param name="draw">Draws the modules that the checkpoint lacks; null makes that an error.</param>
    /// <param name="isNeeded">Which parameters are read, by name; the others stay on the meta device. Null for all.</param>
    /// <returns>The dotted names of the modules drawn.</returns>
    internal static IReadOnlyList<string> Load(
        nn.Module model, CheckpointReader checkpoint, ScalarType? dtype, Device device, CheckpointLayout layout, NewWeights? draw = null,
        Func<string, bool>? isNeeded = null)
    {
        isNeeded ??= _ => true;
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(checkpoint);
        var wanted = model.named_parameters().ToDictionary(p => p.name, p => p.parameter.shape);
        var stored =
            wanted.Keys.ToDictionary(name => name, name => layout.Names(name).FirstOrDefault(checkpoint.Entries.ContainsKey) ?? name);
        var drawn = draw is null ? [] : Missing(model, checkpoint.Entries, layout);
        var read = wanted.Where(tensor => !drawn.Any(module => IsIn(tensor.Key, module))).ToDictionary();
        Check(read, stored, checkpoint, layout, drawn);
        // Some checkpoints keep their norms in float32; the network computes in one dtype from end to end.
        var computed = dtype ?? SafetensorsEntry.MainType(read.Keys.Select(name => checkpoint.Entries[stored[name]]))!.Value;
        if (device.type == DeviceType.CPU)
        {
            Allocator.Expect(
                read.Keys.Where(isNeeded).Select(name => checkpoint.Entries[stored[name]]).Sum(entry => entry.CopiedLength(computed)));
        }

        using var generator = new Generator((ulong)(draw?.Seed ?? 0), CPU);
        foreach (var slot in WeightSlots.Of(model))
        {
            using var scope = NewDisposeScope();
            var isRead = read.ContainsKey(slot.Name);
            var type = isRead && !layout.IsFloat32(slot.Name) ? computed : ScalarType.Float32;
            if (!isNeeded(slot.Name))
            {
                slot.Assign(new Parameter(empty(slot.Shape, dtype: type, device: META), requires_grad: false));
                continue;
            }

            var value = isRead ? checkpoint.Read(stored[slot.Name]) : Draw(slot, draw!.Deviation, generator);
            slot.Assign(new Parameter(value.to(type).to(device), requires_grad: false));
        }

        RequireValues(model, isNeeded);
        return drawn;
    }

    /// <summary>The replaceable modules of which a checkpoint lacks a tensor or has it in another shape.</summary>
    /// <param name="model">The network.</param>
    /// <param name="entries">The checkpoint's tensors.</param>
    /// <param name="layout">How checkpoint and network differ.</param>
    /// <returns>Dotted names.</returns>
    internal static IReadOnlyList<string> Missing(
        nn.Module model, IReadOnlyDictionary<string, SafetensorsEntry> entries, CheckpointLayout layout)
    {
        bool IsThere(string name, long[] shape) =>
            layout.Names(name).Any(n => entries.TryGetValue(n, out var entry) && entry.Shape.SequenceEqual(shape));
        return [.. layout.ReplaceableModules.Where(
            module => model.named_parameters().Any(p => IsIn(p.name, module) && !IsThere(p.name, p.parameter.shape)))];
    }

    /// <summary>Draws every weight of a new model: normal with the given deviation, biases zero, norms one.</summary>
    /// <param name="model">The network; its parameters become trainable.</param>
    /// <param name="deviation">Standard deviation of the normal distribution.</param>
    /// <param name="seed">The seed; one seed gives one model on one version of libtorch.</param>
    /// <param name="dtype">The dtype of the parameters.</param>
    /// <param name="device">The device of the parameters.</param>
    public static void Initialize(nn.Module model, double deviation, long seed, ScalarType dtype, Device device)
    {
        ArgumentNullException.ThrowIfNull(model);
        using var generator = new Generator((ulong)seed, CPU);
        foreach (var slot in WeightSlots.Of(model))
        {
            using var scope = NewDisposeScope();
            slot.Assign(new Parameter(Draw(slot, deviation, generator).to(dtype).to(device), requires_grad: true));
        }

        RequireValues(model);
    }

    /// <summary>
    /// The weights of a new model, drawn when they are asked for; each by its own generator, so that the order does not matter.
    /// </summary>
    /// <param name="model">The network, whose weights may be on the meta device.</param>
    /// <param name="weights">Deviation and seed.</param>
    /// <param name="dtype">The dtype of the tensors; they are drawn in float32.</param>
    /// <returns>The tensors, to be made one at a time.</returns>
    internal static IEnumerable<StreamedTensor> Drawn(nn.Module model, NewWeights weights, ScalarType dtype)
    {
        const int seedsApart = 1_000_003;   // a prime, so that neighbouring seeds of models share no tensor
        return WeightSlots.Of(model).Select((slot, index) => new StreamedTensor(slot.Name, dtype, slot.Shape, () =>
        {
            using var noGradient = no_grad();
            using var generator = new Generator(unchecked((ulong)((weights.Seed * seedsApart) + index)), CPU);
            using var scope = NewDisposeScope();
            return Draw(slot, weights.Deviation, generator).to(dtype).MoveToOuterDisposeScope();
        }));
    }

    private static Tensor Draw(WeightSlot slot, double deviation, Generator generator) => slot.Kind switch
    {
        SlotKind.Norm => ones(slot.Shape),
        SlotKind.Bias => zeros(slot.Shape),
        // In place: a large model's embedding is large, too.
        _ => randn(slot.Shape, generator: generator).mul_(deviation),
    };

    private static bool IsIn(string name, string module) => name.StartsWith(module + ".", StringComparison.Ordinal);

    /// <summary>Gives every parameter a tensor that somebody else reads.</summary>
    /// <param name="model">The network; its parameters become frozen (no gradients).</param>
    /// <param name="read">Reads a parameter by name and shape: a new tensor of that shape, which the network takes over.</param>
    internal static void Fill(nn.Module model, Func<string, long[], Tensor> read)
    {
        foreach (var slot in WeightSlots.Of(model))
        {
            slot.Assign(new Parameter(read(slot.Name, slot.Shape), requires_grad: false));
        }

        RequireValues(model);
    }

    private static void Check(
        Dictionary<string, long[]> wanted, Dictionary<string, string> stored, CheckpointReader checkpoint, CheckpointLayout layout,
        IReadOnlyList<string> drawn)
    {
        var problems = new List<string>();
        HashSet<string> used = [.. stored.Values];
        foreach (var (name, shape) in wanted)
        {
            if (!checkpoint.Entries.TryGetValue(stored[name], out var entry))
            {
                // Only what is shown is worth the search.
                var near = problems.Count < ShownProblems ? NearestName.Suggestion(
                    name, checkpoint.Entries.Keys.Where(found => !used.Contains(found))).Trim() : "";
                problems.Add($"'{name}' is missing" + (near.Length > 0 ? $" ({near})" : ""));
            }
            else if (!entry.Shape.SequenceEqual(shape))
            {
                problems.Add($"'{name}' is [{string.Join(", ", entry.Shape)}], the configuration says [{string.Join(", ", shape)}]");
            }
            else if (!_weightTypes.Contains(entry.DataType))
            {
                problems.Add($"'{name}' holds {entry.DataType} numbers; weights are {string.Join(", ", _weightTypes)}");
            }
        }

        problems.AddRange(checkpoint.Entries.Keys
            .Where(name => !used.Contains(name) && !layout.IsIgnored(name) && !drawn.Any(module => IsIn(name, module))
                && !name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal))
            .Select(name => $"'{name}' belongs to no layer of this network"));
        if (problems.Count > 0)
        {
            var more = problems.Count > ShownProblems ? $" (and {problems.Count - ShownProblems} more)" : "";
            throw new FileFormatException(
                $"{checkpoint.Folder}: the weights do not fit config.json: {string.Join("; ", problems.Take(ShownProblems))}{more}.");
        }
    }

    /// <summary>What is left on the meta device would be computed with as if it had values.</summary>
    private static void RequireValues(nn.Module model, Func<string, bool>? isNeeded = null)
    {
        var tensors = model.named_parameters()
            .Where(p => isNeeded?.Invoke(p.name) ?? true)
            .Select(p => (p.name, (Tensor)p.parameter))
            .Concat(model.named_buffers().Select(b => (b.name, b.buffer)));
        if (tensors.FirstOrDefault(t => t.Item2.device.type == META.type).name is { } empty)
        {
            throw new InvalidOperationException($"'{empty}' of {model.GetType().Name} has no values: it was left on the meta device.");
        }
    }
}
