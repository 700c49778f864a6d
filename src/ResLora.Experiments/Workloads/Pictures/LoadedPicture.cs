using System.Security.Cryptography;
using System.Text;
using ResLora.Images.Folders;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Workloads.Pictures;

/// <summary>A picture of a data set.</summary>
/// <param name="Feed">What decodes and prepares it.</param>
/// <param name="Source">Where it is.</param>
/// <param name="Size">The tokens that the network cuts it into.</param>
/// <param name="Target">Its label; null for none.</param>
internal sealed record LoadedPicture(PictureFeed Feed, PictureSource Source, int Size, double? Target) : PictureExample(Size, Target)
{
    /// <inheritdoc />
    public override void AppendTo(IncrementalHash hash)
    {
        hash.AppendData(Encoding.UTF8.GetBytes(Source.Name));
        hash.AppendData(Convert.FromHexString(Source.Digest()));
        hash.AppendData(Target is { } target ? BitConverter.GetBytes(target) : []);
    }

    /// <inheritdoc />
    public override void Expect() => Feed.Expect(Source);

    /// <inheritdoc />
    public override float[] Pixels(ulong? seed) => Feed.Values(Source, seed);
}
