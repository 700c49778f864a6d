using ResLora.Formats.Errors;
using ResLora.Formats.Safetensors;
using ResLora.Models.Blocks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>Puts weights into a network that was built on the meta device: from a checkpoint, or drawn at random.</summary>
public static class ModelWeights
{
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
    public static void Load(nn.Module model, CheckpointReader checkpoint, ScalarType? dtype, Device device, params IEnumerable<string> ignored)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(checkpoint);
        var wanted = model.named_parameters().ToDictionary(p => p.name, p => p.parameter.shape);
        Check(wanted, checkpoint, [.. ignored]);
        // Some checkpoints keep their norms in float32; the network computes in one dtype from end to end.
        var computed = dtype ?? wanted.Keys
            .GroupBy(name => checkpoint.Entries[name].DataType, name => wanted[name].Aggregate(1L, (count, size) => count * size))
            .MaxBy(group => group.Sum())!.Key;
        foreach (var slot in Slots(model))
        {
            using var stored = checkpoint.Read(slot.Name);
            slot.Assign(new Parameter(stored.to(computed).to(device), requires_grad: false));
        }
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
        foreach (var slot in Slots(model))
        {
            using var scope = NewDisposeScope();
            var value = slot.Kind switch
            {
                SlotKind.Norm => ones(slot.Shape),
                SlotKind.Bias => zeros(slot.Shape),
                _ => randn(slot.Shape, generator: generator) * deviation,
            };
            slot.Assign(new Parameter(value.to(dtype).to(device), requires_grad: true));
        }
    }

    /// <summary>Gives every parameter a tensor that somebody else reads.</summary>
    /// <param name="model">The network; its parameters become frozen (no gradients).</param>
    /// <param name="read">Reads a parameter by name and shape: a new tensor of that shape, which the network takes over.</param>
    internal static void Fill(nn.Module model, Func<string, long[], Tensor> read)
    {
        foreach (var slot in Slots(model))
        {
            slot.Assign(new Parameter(read(slot.Name, slot.Shape), requires_grad: false));
        }
    }

    private static void Check(Dictionary<string, long[]> wanted, CheckpointReader checkpoint, HashSet<string> ignored)
    {
        var problems = new List<string>();
        foreach (var (name, shape) in wanted)
        {
            if (!checkpoint.Entries.TryGetValue(name, out var entry))
            {
                problems.Add($"'{name}' is missing.{NearestName.Suggestion(name, checkpoint.Entries.Keys.Where(stored => !wanted.ContainsKey(stored)))}");
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
            .Where(name => !wanted.ContainsKey(name) && !ignored.Contains(name) && !name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal))
            .Select(name => $"'{name}' belongs to no layer of this network"));
        if (problems.Count > 0)
        {
            const int shown = 8;
            var more = problems.Count > shown ? $" (and {problems.Count - shown} more)" : "";
            throw new FileFormatException($"{checkpoint.Folder}: the weights do not fit config.json: {string.Join("; ", problems.Take(shown))}{more}.");
        }
    }

    private enum SlotKind
    {
        Weight,
        Bias,
        Norm,
    }

    private sealed record Slot(string Name, SlotKind Kind, long[] Shape, Action<Parameter> Assign);

    /// <summary>Every parameter with the setter of the module that holds it (modules keep their own reference beside the registry's).</summary>
    private static IEnumerable<Slot> Slots(nn.Module model)
    {
        foreach (var (name, module) in model.named_modules())
        {
            switch (module)
            {
                case Linear linear:
                    yield return new Slot($"{name}.weight", SlotKind.Weight, linear.weight!.shape, p => linear.weight = Kept(p));
                    if (linear.bias is not null)
                    {
                        yield return new Slot($"{name}.bias", SlotKind.Bias, linear.bias.shape, p => linear.bias = Kept(p));
                    }

                    break;
                case Embedding embedding:
                    yield return new Slot($"{name}.weight", SlotKind.Weight, embedding.weight!.shape, p => embedding.weight = Kept(p));
                    break;
                case RmsNorm norm:
                    yield return new Slot($"{name}.weight", SlotKind.Norm, norm.Weight.shape, p => norm.Weight = Kept(p));
                    break;
                default:
                    break;
            }
        }
    }

    private static Parameter Kept(Parameter parameter)
    {
        parameter.DetachFromDisposeScope();
        return parameter;
    }
}
