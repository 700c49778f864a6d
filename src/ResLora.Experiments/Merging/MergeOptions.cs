using ResLora.Adapters.Merging;

namespace ResLora.Experiments.Merging;

/// <summary>Which adapter is merged, how, and into what.</summary>
public sealed record MergeOptions
{
    /// <summary>The adapter folder.</summary>
    public required string Adapter { get; init; }

    /// <summary>The base model's folder; null takes the one that the adapter names.</summary>
    public string? Model { get; init; }

    /// <summary>The method; null takes the usual one for the adapter's structure.</summary>
    public MergeMethod? Method { get; init; }

    /// <summary>What is made.</summary>
    public required MergeTarget As { get; init; }

    /// <summary>The folder to write.</summary>
    public required string Output { get; init; }

    /// <summary>Whether an existing folder may be replaced. Default false.</summary>
    public bool Overwrite { get; init; }

    /// <summary>The task of <see cref="Data"/>.</summary>
    public string? Task { get; init; }

    /// <summary>A file, or a data set's folder, whose texts the loss of merging is measured on; null takes the run's validation data, or texts that the model writes itself.</summary>
    public string? Data { get; init; }
}
