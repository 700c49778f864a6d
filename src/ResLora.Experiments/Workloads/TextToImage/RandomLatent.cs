using System.Security.Cryptography;
using ResLora.Formats;
using ResLora.Models;
using ResLora.Training.Objectives.Denoising;
using static TorchSharp.torch;

namespace ResLora.Experiments.Workloads.TextToImage;

/// <summary>Noise in the place of a picture, with random words: it moves all layers of a network as well as a picture does.</summary>
/// <param name="Model">The networks that it is for.</param>
/// <param name="Seed">Where it starts.</param>
internal sealed record RandomLatent(TextToImageModel Model, int Seed)
    : DenoisingExample(Side * Side)
{
    // Small, and divisible by what the levels of all published UNets need.
    private const int Side = 16;

    /// <inheritdoc />
    public override void AppendTo(IncrementalHash hash) => hash.AppendData(BitConverter.GetBytes(Seed));

    /// <inheritdoc />
    public override (Tensor Mean, Tensor Deviation) Latents(bool mirrored)
    {
        using var generator = new Generator((ulong)Seed, CPU);
        long[] shape = [Model.UNet.LatentChannels, Side, Side];
        return (randn(shape, generator: generator), zeros(shape));
    }

    /// <inheritdoc />
    public override IReadOnlyList<int> Ids(bool isDropped)
    {
        var random = new StableRandom((ulong)Seed);
        var vocabulary = (ulong)Model.TextEncoder.VocabularySize;
        return [.. Enumerable.Range(0, Model.TextEncoder.MaxTokens).Select(_ => (int)(random.Next() % vocabulary))];
    }

    /// <inheritdoc />
    public override Tensor Text(bool isDropped)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var ids = tensor(Ids(isDropped).Select(id => (long)id).ToArray(), device: Model.Device).unsqueeze(0);   // [1, T]
        return Model.TextEncoder.Forward(ids)[0].to(float32).MoveToOuterDisposeScope();   // [1, T, D] -> [T, D]
    }
}
