using System.Runtime.InteropServices;
using ResLora.Formats;
using ResLora.Models;
using ResLora.Text.Data.Labelling;
using static TorchSharp.torch;

namespace ResLora.Training.Objectives;

/// <summary>Say a picture's label. In training pictures are changed at random where their examples say so; when measured they are as they
/// are.</summary>
/// <param name="model">The model, borrowed.</param>
/// <param name="task">The task, which says what is measured.</param>
/// <param name="labels">The labels in the order of the head's outputs; null for scores.</param>
public sealed class PictureLabelObjective(ImageModel model, LabelMeasures task, LabelSet? labels) : LabelObjective(model, task, labels)
{
    /// <summary>A step's pictures are decoded while the one before is computed; a photo takes some megabytes.</summary>
    public override long ManagedRoom => 256L << 20;

    /// <inheritdoc />
    public override string SpeedUnit => "pictures";

    /// <inheritdoc />
    public override int CountOf(IExample example) => 1;

    /// <inheritdoc />
    public override void Expect(IReadOnlyList<IExample> next)
    {
        ArgumentNullException.ThrowIfNull(next);
        foreach (var example in next.Cast<PictureExample>())
        {
            example.Expect();
        }
    }

    /// <inheritdoc />
    public override Batch Collate(IReadOnlyList<IExample> examples)
    {
        ArgumentNullException.ThrowIfNull(examples);
        using var scope = NewDisposeScope();
        var random = model.training ? Drawn() : null;
        var (channels, size) = (model.Channels, model.ImageSize);
        var numbers = channels * size.Height * size.Width;
        var pixels = empty([examples.Count, channels, size.Height, size.Width]);   // [B, C, Y, X]
        for (var row = 0; row < examples.Count; row++)
        {
            var values = ((PictureExample)examples[row]).Pixels(random?.Next());
            values.AsSpan(0, numbers).CopyTo(MemoryMarshal.Cast<byte, float>(pixels.bytes).Slice(row * numbers, numbers));
        }

        return new PictureBatch(
            pixels.to(model.Device).alias().MoveToOuterDisposeScope(), Targets(examples).MoveToOuterDisposeScope());
    }

    /// <inheritdoc />
    public override Tensor Predictions(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return model.Predict(((PictureBatch)batch).Pixels);   // [B, C, Y, X] -> [B, N]
    }

    /// <inheritdoc />
    public override void Forward(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        model.Hidden(((PictureBatch)batch).Pixels).Dispose();
    }

    // libtorch's generator, since its state is part of a checkpoint: a resumed run changes pictures as it would have.
    private static StableRandom Drawn()
    {
        using var drawn = randint(long.MaxValue, [1], dtype: int64);
        return new StableRandom((ulong)drawn.item<long>());
    }
}
