using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;

namespace ResLora.Experiments.Comparing;

/// <summary>How many test samples, by what they give the network, are also in what the runs see before they are tested.</summary>
/// <param name="Samples">How many test samples there are.</param>
/// <param name="Training">How many of them are trained on.</param>
/// <param name="Validation">How many of them are validation samples.</param>
public sealed record SeenTests(int Samples, int Training, int Validation)
{
    /// <summary>Counts them.</summary>
    /// <param name="data">What runs are trained and validated on.</param>
    /// <param name="test">What they are tested on.</param>
    internal static SeenTests Of(TaskData data, TaskData test)
    {
        string[] samples = [.. test.Inputs(heldOut: false)];
        int Among(bool heldOut)
        {
            var seen = data.Inputs(heldOut).ToHashSet(StringComparer.Ordinal);
            return samples.Count(seen.Contains);
        }

        return new SeenTests(samples.Length, Among(heldOut: false), Among(heldOut: true));
    }

    /// <summary>What it does to the scores, a sentence without a full stop; null where less than a hundredth is trained on.</summary>
    internal string? Caveat => Training == 0 || Training * 100L < Samples
        ? null
        : $"of {Samples} test samples {Training} {(Training == 1 ? "is" : "are")} trained on, too: there the scores say what was learnt by "
            + "heart";

    /// <summary>What there is, a phrase.</summary>
    internal string Fact => (Training, Validation) switch
    {
        (0, 0) => "none of its samples is in the training or the validation data",
        _ => $"of its {Samples} samples {Training} are in the training data and {Validation} in the validation data",
    };

    /// <summary>Refuses validation data that choose and that are test data themselves: the choice would be made by the test.</summary>
    /// <param name="settings">The comparison.</param>
    /// <param name="validation">How many validation samples there are.</param>
    /// <exception cref="ConfigException">They are, or half of them or more.</exception>
    internal void Require(CompareSettings settings, int validation)
    {
        string[] choices =
        [
            .. settings.Tune.LearningRate.Count > 0 ? ["compare.tune"] : Array.Empty<string>(),
            .. settings.Weights == TestedWeights.Best ? ["compare.weights: best"] : Array.Empty<string>(),
        ];
        if (choices.Length > 0 && Validation > 0 && Validation * 2 >= Math.Min(Samples, validation))
        {
            throw new ConfigException(
                $"compare.test: {Validation} of {Samples} test samples are also among the {validation} validation samples, by which "
                + $"{string.Join(" and ", choices)} would choose; the test would then be part of the training. "
                + "Give other validation data (data.validation, or data.validationCount for a part of the training data), "
                + "or other test data.");
        }
    }
}
