using System.Security.Cryptography;
using ResLora.Formats;
using ResLora.Models;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Workloads.Pictures;

/// <summary>Noise from −1 to 1, which moves all layers of a network as well as a picture does.</summary>
/// <param name="Model">The network that it is for.</param>
/// <param name="Seed">Where it starts.</param>
/// <param name="Target">Its label; null for none.</param>
internal sealed record RandomPicture(ImageModel Model, int Seed, double? Target = null) : PictureExample(Model.TokenCount, Target)
{
    /// <inheritdoc />
    public override void AppendTo(IncrementalHash hash) => hash.AppendData(BitConverter.GetBytes(Seed));

    /// <inheritdoc />
    public override float[] Pixels(ulong? seed)
    {
        var random = new StableRandom((ulong)Seed);
        return [.. Enumerable.Range(
            0, Model.Channels * Model.ImageSize.Height * Model.ImageSize.Width).Select(_ => (float)((2 * random.NextDouble()) - 1))];
    }
}
