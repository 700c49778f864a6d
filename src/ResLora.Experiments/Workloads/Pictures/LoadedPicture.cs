using System.Security.Cryptography;
using System.Text;
using ResLora.Images.Folders;
using ResLora.Images.Preprocessing;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Workloads.Pictures;

/// <summary>A picture of a data set.</summary>
/// <param name="Source">Where it is.</param>
/// <param name="Preprocessor">What the network wants done to it.</param>
/// <param name="Size">The tokens that the network cuts it into.</param>
/// <param name="Target">Its label; null for none.</param>
internal sealed record LoadedPicture(PictureSource Source, Preprocessor Preprocessor, int Size, double? Target) : PictureExample(Size, Target)
{
    /// <inheritdoc />
    public override void AppendTo(IncrementalHash hash)
    {
        hash.AppendData(Encoding.UTF8.GetBytes(Source.Name));
        hash.AppendData(SHA256.HashData(Source.Read().Span));
        hash.AppendData(Target is { } target ? BitConverter.GetBytes(target) : []);
    }

    /// <inheritdoc />
    public override float[] Pixels(ulong? seed) => Preprocessor.Values(Preprocessor.Fit(Source.Decode(), Source.Place));
}
