namespace ResLora.Formats.Peft;

/// <summary>What a PEFT folder holds besides plain blocks, as its configuration says it.</summary>
public sealed record PeftExtras
{
    /// <summary>Modules whose whole values are in the tensor file.</summary>
    public IReadOnlyList<string> SavedModules { get; init; } = [];

    /// <summary>Whether they are the head of an encoder, which makes it an adapter for classification.</summary>
    public bool IsClassifier { get; init; }

    /// <summary>Which biases are in the tensor file: <c>none</c>, <c>lora_only</c> or <c>all</c>.</summary>
    public string Biases { get; init; } = "none";

    /// <summary>Ids of the tokens whose rows are in the tensor file, by the name of their embedding.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<long>> TrainedTokens { get; init; } = new Dictionary<string, IReadOnlyList<long>>();
}
