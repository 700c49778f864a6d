using System.Security.Cryptography;
using System.Text;
using ResLora.Images.Folders;
using ResLora.Training.Objectives.Denoising;
using static TorchSharp.torch;

namespace ResLora.Experiments.Workloads.TextToImage;

/// <summary>A picture of a data set with its caption.</summary>
/// <param name="Encoded">What both are encoded by.</param>
/// <param name="Source">Where the picture is.</param>
/// <param name="Caption">The caption.</param>
internal sealed record CaptionedPicture(EncodedCaptions Encoded, PictureSource Source, string Caption)
    : DenoisingExample((int)(Encoded.LatentShape[1] * Encoded.LatentShape[2]))
{
    private readonly int[] _ids = Encoded.Tokenizer.Encode(Caption);

    // Files are read and hashed for these: a plan does without, and every step asks again.
    private string? _pictureKey;
    private string? _textKey;

    private string PictureKey => _pictureKey ??= Encoded.KeyOf(Source);

    private string TextKey => _textKey ??= Encoded.KeyOf(_ids);

    /// <summary>The picture's file, the caption, and how both are encoded.</summary>
    /// <inheritdoc />
    public override void AppendTo(IncrementalHash hash)
    {
        hash.AppendData(Encoding.UTF8.GetBytes($"{Source.Name}\n{Caption}\n{PictureKey} {TextKey} {Fixed}\n"));
    }

    /// <inheritdoc />
    public override (Tensor Mean, Tensor Deviation) Latents(bool mirrored) => Encoded.Latents(PictureKey, mirrored && Encoded.Mirrors);

    /// <inheritdoc />
    public override IReadOnlyList<int> Ids(bool isDropped) => isDropped ? Encoded.NoCaption : _ids;

    /// <inheritdoc />
    public override Tensor Text(bool isDropped) => Encoded.Encoded(isDropped ? Encoded.NoCaptionKey : TextKey);
}
