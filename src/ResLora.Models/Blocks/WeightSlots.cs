using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Models.Blocks;

/// <summary>The parameters of a network, layer kind by layer kind: a kind that is not known here gets no values, and says so.</summary>
internal static class WeightSlots
{
    /// <summary>Every parameter with the setter of the module that holds it.</summary>
    /// <exception cref="InvalidOperationException">A layer is of a kind whose parameters nobody here can set.</exception>
    public static IReadOnlyList<WeightSlot> Of(nn.Module model)
    {
        WeightSlot[] slots = [.. model.named_modules().Prepend(("", model)).SelectMany(entry => Own(entry.Item1, entry.Item2))];
        var known = slots.Select(slot => slot.Name).ToHashSet(StringComparer.Ordinal);
        return model.named_parameters().FirstOrDefault(p => !known.Contains(p.name)).name is { } strange
            ? throw new InvalidOperationException(
                $"'{strange}' of {model.GetType().Name} belongs to a kind of layer that {nameof(ModelWeights)} gives no values to.")
            : slots;
    }

    /// <summary>The own parameters of a module (which keeps a reference of its own beside the registry's).</summary>
    private static IEnumerable<WeightSlot> Own(string name, nn.Module module)
    {
        var prefix = name.Length == 0 ? "" : name + ".";
        WeightSlot Slot(SlotKind kind, string own, Parameter value, Action<Parameter> set) =>
            new(prefix + own, kind, value.shape, p => set(Kept(p)));
        WeightSlot?[] slots = module switch
        {
            Linear layer =>
            [
                Slot(SlotKind.Weight, "weight", layer.weight!, p => layer.weight = p),
                layer.bias is { } bias ? Slot(SlotKind.Bias, "bias", bias, p => layer.bias = p) : null,
            ],
            Convolution layer =>
            [
                Slot(SlotKind.Weight, "weight", layer.weight!, p => layer.weight = p),
                layer.bias is { } bias ? Slot(SlotKind.Bias, "bias", bias, p => layer.bias = p) : null,
            ],
            GroupNorm { weight: { } weight, bias: { } bias } norm =>
            [
                Slot(SlotKind.Norm, "weight", weight, p => norm.weight = p), Slot(SlotKind.Bias, "bias", bias, p => norm.bias = p),
            ],
            RmsNorm norm => [Slot(SlotKind.Norm, "weight", norm.Weight, p => norm.Weight = p)],
            IWeightSlots own => [.. own.Slots.Select(slot => slot with { Name = prefix + slot.Name })],
            _ => [],
        };
        return slots.OfType<WeightSlot>();
    }

    private static Parameter Kept(Parameter parameter)
    {
        parameter.DetachFromDisposeScope();
        return parameter;
    }
}
