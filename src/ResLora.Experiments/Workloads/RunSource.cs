using ResLora.Training.Objectives.Denoising;

namespace ResLora.Experiments.Workloads;

/// <summary>Where the data of a run is.</summary>
/// <param name="Task">The task.</param>
/// <param name="Data">The data.</param>
/// <param name="Model">The model's folder, for errors.</param>
/// <param name="Adapter">The adapter that training starts from, whose head is the run's; null for none.</param>
internal sealed record RunSource(string Task, DataConfig Data, string Model, string? Adapter = null)
{
    /// <summary>How a text-to-image model learns; without meaning for other tasks.</summary>
    public DenoisingConfig Denoising { get; init; } = new();
}
