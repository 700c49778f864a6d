using ResLora.Formats;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Training.Evaluation;
using ResLora.Training.Loop;

namespace ResLora.Training.Memory;

/// <summary>How large the tensors of one forward pass are.</summary>
/// <param name="Rows">B, the samples, or 1 when they are packed.</param>
/// <param name="Width">T, the tokens of the longest of them, or of all when they are packed.</param>
/// <param name="Targets">N, the predictions that are trained; 0 where they are too few to count, as labels are.</param>
public readonly record struct BatchShape(int Rows, int Width, int Targets)
{
    /// <summary>B·T, padding included.</summary>
    public long Tokens => (long)Rows * Width;

    /// <summary>B·T², the pairs of tokens that attention compares.</summary>
    public long Pairs => Tokens * Width;

    /// <summary>The shapes that a run's forward passes have, each once.</summary>
    /// <param name="samples">The training samples.</param>
    /// <param name="config">Batch size, accumulation, seed, and steps or epochs.</param>
    /// <param name="predictsTokens">Whether every trained token is a prediction over the whole vocabulary.</param>
    /// <returns>The shapes.</returns>
    public static IReadOnlySet<BatchShape> Of(IReadOnlyList<IExample> samples, TrainConfig config, bool predictsTokens)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(config);
        var shapes = new HashSet<BatchShape>();
        if (samples.Count == 0)
        {
            return shapes;
        }

        var targets = samples.Select(sample => predictsTokens ? TokenBatch.TrainedTokens((TokenizedSample)sample) : 0).ToArray();
        var order = new DataOrder([.. samples.Select(sample => sample.Size)], config);
        for (var step = 0; step < order.TotalSteps; step++)
        {
            foreach (var batch in order.MicroBatches(step))
            {
                var trained = batch.Sum(index => targets[index]);
                shapes.Add(config.Packing && predictsTokens
                    ? new BatchShape(1, ProductSize.RoundUp(batch.Sum(index => samples[index].Size)), trained)
                    : new BatchShape(batch.Length, batch.Max(index => samples[index].Size), trained));
            }
        }

        return shapes;
    }
}
