namespace ResLora.Formats.Peft;

/// <summary>What a PEFT folder holds besides plain blocks, as its configuration says it.</summary>
public sealed record PeftExtras
{
    /// <summary>Modules whose whole values are in the tensor file.</summary>
    public IReadOnlyList<string> SavedModules { get; init; } = [];

    /// <summary>The <c>task_type</c>; null for networks that PEFT has no task for.</summary>
    public string? TaskType { get; init; } = CausalTask;

    /// <summary>The task of continuing texts.</summary>
    public const string CausalTask = "CAUSAL_LM";

    /// <summary>The task of a head for whole texts.</summary>
    public const string ClassifierTask = "SEQ_CLS";

    /// <summary>Which biases are in the tensor file: <c>none</c>, <c>lora_only</c> or <c>all</c>.</summary>
    public string Biases { get; init; } = "none";

    /// <summary>Ids of the tokens whose rows are in the tensor file, by the name of their embedding.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<long>> TrainedTokens { get; init; } = new Dictionary<string, IReadOnlyList<long>>();
}
