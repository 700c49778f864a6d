using System.Globalization;
using System.Text.Json.Serialization;

namespace ResLora.Training.Checkpoints;

/// <summary>Where a run stands, as <c>trainer.json</c> holds it; the tensors lie beside it in <c>trainer.safetensors</c>.</summary>
public sealed record TrainerState
{
    /// <summary>What <see cref="TotalSteps"/> is called in an identity.</summary>
    internal const string StepsName = "number of steps";

    /// <summary>How many optimizer steps are done. Learning rate and data position follow from it alone.</summary>
    public required int Step { get; init; }

    /// <summary>Which pass over the data the next step belongs to, from 0; for the reader, not used to resume.</summary>
    public int Epoch { get; init; }

    /// <summary>How many steps of that pass are done; for the reader, not used to resume.</summary>
    public int StepInEpoch { get; init; }

    /// <summary>After how many steps the last evaluation was made; 0 for none.</summary>
    public int EvaluatedStep { get; init; }

    /// <summary>The best value of the metric that decides; null before the first evaluation.</summary>
    public double? BestMetric { get; init; }

    /// <summary>After how many steps it was reached.</summary>
    public int BestStep { get; init; }

    /// <summary>Evaluations since then.</summary>
    public int EvaluationsSinceBest { get; init; }

    /// <summary>The steps of the run's warm-up, which stay when the run is made longer; null in checkpoints of earlier versions.</summary>
    public int? WarmupSteps { get; init; }

    /// <summary>Whether a version wrote it that kept neither checksums nor digests of what the run was made from.</summary>
    [JsonIgnore]
    public bool IsOfEarlierVersion => WarmupSteps is null;

    /// <summary>How many steps the run is to have; 0 in checkpoints that do not say it.</summary>
    [JsonIgnore]
    public int TotalSteps => StepsOf(Identity);

    /// <summary>What a run that goes on from here must have in common with the one that wrote this, by name.</summary>
    public required IReadOnlyDictionary<string, string> Identity { get; init; }

    /// <summary>The number of steps that a run is to have; 0 where its identity does not tell it.</summary>
    internal static int StepsOf(IReadOnlyDictionary<string, string> identity) =>
        int.TryParse(identity.GetValueOrDefault(StepsName), NumberStyles.None, CultureInfo.InvariantCulture, out var steps) ? steps : 0;
}
