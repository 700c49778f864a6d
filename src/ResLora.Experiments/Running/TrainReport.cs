using ResLora.Training.Loop;
using ResLora.Training.Memory;

namespace ResLora.Experiments.Running;

/// <summary>How a fine-tuning run ended.</summary>
/// <param name="RunFolder">The run's folder.</param>
/// <param name="TrainableParameters">How many numbers were trained.</param>
/// <param name="Result">How training ended.</param>
public sealed record TrainReport(string RunFolder, long TrainableParameters, TrainResult Result)
{
    /// <summary>
    /// The prompt of a training sample, to try the model with; empty for tasks without prompts, null for tasks with labels.
    /// </summary>
    public string? Prompt { get; init; }

    /// <summary>Whether prompts were written with a chat template, so that the model is to be asked as a chat.</summary>
    public bool IsChat { get; init; }

    /// <summary>The caption of a training picture, to try a model with that makes pictures; null for other tasks.</summary>
    public string? PicturePrompt { get; init; }

    /// <summary>The memory that the plan expected.</summary>
    public MemoryEstimate? PlannedMemory { get; init; }

    /// <summary>Whether the process kept freed memory during the run.</summary>
    public bool KeptFreedMemory { get; init; }

    /// <summary>
    /// The most memory that the process had for itself during the run, in bytes, mapped files not counted: to be held against
    /// <see cref="MemoryEstimate.Total"/>. Null where the system does not say, and where no step was left
    /// to do.
    /// </summary>
    public long? PeakMemory { get; init; }
}
