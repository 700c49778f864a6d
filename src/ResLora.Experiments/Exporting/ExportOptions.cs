using ResLora.Adapters.Merging;
using ResLora.Tensors.Safetensors;

namespace ResLora.Experiments.Exporting;

/// <summary>What is exported, for whom, and where to.</summary>
public sealed record ExportOptions
{
    /// <summary>The model's folder; null takes the base model that the adapter names.</summary>
    public string? Model { get; init; }

    /// <summary>The adapter's folder, or null for the model alone.</summary>
    public string? Adapter { get; init; }

    /// <summary>The target's name (<see cref="ExportTargets.All"/>).</summary>
    public required string To { get; init; }

    /// <summary>How weights are stored; null keeps the type of the files.</summary>
    public ExportType? Type { get; init; }

    /// <summary>The folder to write; not needed for a plan.</summary>
    public string? Output { get; init; }

    /// <summary>Whether an existing folder may be replaced, once the new one has passed its proof. Default false.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Whether what the target cannot hold may be left out. Default false.</summary>
    public bool AllowLossy { get; init; }

    /// <summary>How shortcuts are merged; null takes the usual method for the adapter's structure.</summary>
    public MergeMethod? Method { get; init; }

    /// <summary>The rank that the adapter is cut to; null for all of it. Only an adapter that was trained for several ranks can be
    /// cut.</summary>
    public int? Rank { get; init; }

    /// <summary>The task of <see cref="Data"/>.</summary>
    public string? Task { get; init; }

    /// <summary>
    /// A file, or a data set's folder, whose texts the export is proved on; null takes the run's validation data, or texts that the model
    /// writes itself.
    /// </summary>
    public string? Data { get; init; }

    /// <summary>The most bytes of tensors in a safetensors file of a model. Default 5 · 10⁹.</summary>
    public long MaxShardBytes { get; init; } = CheckpointWriter.DefaultShardBytes;
}
