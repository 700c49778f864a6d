using System.Text.Json;
using ResLora.Models.Blocks;

namespace ResLora.Models;

/// <summary>
/// What is checked of every family's config.json: a phrase for each thing that is wrong or that no network here carries out.
/// </summary>
internal static class ConfigChecks
{
    /// <summary>Sizes must be 1 or more, and at most what says that the file is meant.</summary>
    /// <param name="sizes">Each key with its value and the most.</param>
    public static IEnumerable<string> Sizes(params IEnumerable<(string Name, int Value, int Most)> sizes) =>
        from size in sizes
        where size.Value < 1 || size.Value > size.Most
        select $"{size.Name} is {size.Value}; it must be from 1 to {size.Most}";

    /// <summary>Probabilities of dropout.</summary>
    public static IEnumerable<string> Dropouts(params IEnumerable<(string Name, double Value)> dropouts) =>
        from dropout in dropouts
        where !(dropout.Value is >= 0 and < 1)
        select $"{dropout.Name} is {dropout.Value}; it must be from 0 up to but not including 1";

    /// <summary>ε of norms.</summary>
    public static IEnumerable<string> Epsilon(string name, double value) =>
        value > 0 && value < 1 ? [] : [$"{name} is {value}; it must lie between 0 and 1"];

    /// <summary>The deviation of new weights.</summary>
    public static IEnumerable<string> InitializerRange(double value) =>
        value >= 0 && double.IsFinite(value) ? [] : [$"initializer_range is {value}; it must be 0 or more"];

    /// <summary>The name of an activation.</summary>
    public static IEnumerable<string> Activation(string name) => ActivationFunctions.Names.Contains(name)
        ? []
        : [$"hidden_act '{name}' is not supported (supported: {string.Join(", ", ActivationFunctions.Names)})"];

    /// <summary>D must be whole heads.</summary>
    public static IEnumerable<string> AttentionHeads(int width, int heads) => heads > 0 && width % heads != 0
        ? [$"hidden_size ({width}) is not a multiple of num_attention_heads ({heads})"]
        : [];

    /// <summary>The classes that a model was saved from must have a head that can be used, or none.</summary>
    /// <param name="architectures">Their names.</param>
    /// <param name="heads">What the heads that can be used are for.</param>
    /// <param name="inputs">What these heads say something about.</param>
    public static IEnumerable<string> Heads(IEnumerable<string?>? architectures, string[] heads, string inputs) =>
        from head in ArchitectureNames.Heads(architectures)
        where !heads.Contains(head)
        select $"architectures names a model for {head}, whose head is none for {inputs} (supported: {string.Join(", ", heads)}); "
            + "to train a new head on the rest, take that name out";

    /// <summary>Weights that are stored otherwise than as plain matrices.</summary>
    /// <param name="unread">The keys that the configuration's type does not have.</param>
    public static IEnumerable<string> Quantization(IReadOnlyDictionary<string, JsonElement> unread) =>
        unread.TryGetValue("quantization_config", out var quantization) && quantization.ValueKind != JsonValueKind.Null
            ? ["quantization_config: quantised checkpoints are not supported; take the unquantised model"]
            : [];

    /// <summary>Heads that were taken out of attention.</summary>
    /// <param name="unread">The keys that the configuration's type does not have.</param>
    public static IEnumerable<string> PrunedHeads(IReadOnlyDictionary<string, JsonElement> unread) =>
        unread.TryGetValue("pruned_heads", out var pruned) && pruned.ValueKind == JsonValueKind.Object && pruned.EnumerateObject().Any()
            ? ["pruned_heads is not supported"]
            : [];
}
