using ResLora.Text.Data;

namespace ResLora.Training.Loop;

/// <summary>
/// Which samples every step sees: a pure function of the seed and the step. A step's samples are the same however they are
/// cut into forward passes (batch size × accumulation steps), and a step never reaches over the end of an epoch.
/// </summary>
/// <param name="lengths">The length of each sample, in tokens.</param>
/// <param name="config">Batch size, accumulation, seed, and steps or epochs.</param>
public sealed class DataOrder(IReadOnlyList<int> lengths, TrainConfig config)
{
    private readonly int _samplesPerStep = checked(config.BatchSize * config.AccumulationSteps);
    private (int Epoch, IReadOnlyList<int[]> Steps)? _planned;

    /// <summary>Optimizer steps in one pass over the data.</summary>
    public int StepsPerEpoch => (lengths.Count + _samplesPerStep - 1) / _samplesPerStep;

    /// <summary>Optimizer steps of the whole run.</summary>
    public int TotalSteps =>
        config.Steps ?? (int)Math.Max(1, Math.Min(int.MaxValue, Math.Round(StepsPerEpoch * (config.Epochs ?? TrainConfig.DefaultEpochs))));

    /// <summary>The samples of one step.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <returns>One array of sample indices for each forward pass.</returns>
    public IReadOnlyList<int[]> MicroBatches(int step)
    {
        var epoch = step / StepsPerEpoch;
        if (_planned is not { } planned || planned.Epoch != epoch)
        {
            _planned = planned = (epoch, LengthGroupedBatches.Plan(lengths, _samplesPerStep, config.Seed, epoch));
        }

        return [.. planned.Steps[step % StepsPerEpoch].Chunk(config.BatchSize)];
    }
}
