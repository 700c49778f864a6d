using ResLora.Formats.Errors;
using ResLora.Models.Llama;

namespace ResLora.Benchmarks.Subjects;

/// <summary>The shape of a stack of Llama layers; its weights are drawn.</summary>
internal sealed record StackShape
{
    /// <summary>D.</summary>
    public required int Hidden { get; init; }

    /// <summary>F.</summary>
    public required int Intermediate { get; init; }

    /// <summary>The number of layers.</summary>
    public required int Layers { get; init; }

    /// <summary>H.</summary>
    public required int Heads { get; init; }

    /// <summary>K.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>V.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>TinyLlama-1.1B's layers (E = 64), four of them in place of 22.</summary>
    public static StackShape TinyLlama { get; } = new()
    {
        Hidden = 2048,
        Intermediate = 5632,
        Layers = 4,
        Heads = 32,
        KeyValueHeads = 4,
        Vocabulary = 32000,
    };

    /// <summary>A stack whose steps take milliseconds, for counting what is left over after many of them.</summary>
    public static StackShape Tiny { get; } =
        new() { Hidden = 64, Intermediate = 128, Layers = 2, Heads = 4, KeyValueHeads = 2, Vocabulary = 256 };

    /// <summary>The configuration of such a model.</summary>
    /// <exception cref="ConfigException">There is no such model.</exception>
    public LlamaConfig Config()
    {
        var config = new LlamaConfig
        {
            HiddenSize = Hidden,
            IntermediateSize = Intermediate,
            LayerCount = Layers,
            HeadCount = Heads,
            ConfiguredKeyValueHeadCount = KeyValueHeads,
            VocabularySize = Vocabulary,
            MaxPositions = 2048,
            NormEpsilon = 1e-5,
        };
        var problems = config.Problems().ToArray();
        return problems.Length == 0 ? config : throw new ConfigException($"The shape cannot be built: {string.Join("; ", problems)}.");
    }

    /// <summary>The shape as settings of a report.</summary>
    public IEnumerable<KeyValuePair<string, object>> Settings() =>
    [
        new("layers", Layers), new("hidden", Hidden), new("intermediate", Intermediate), new("heads", Heads),
        new("keyValueHeads", KeyValueHeads), new("vocabulary", Vocabulary),
    ];
}
