using System.Text;
using ResLora.Formats.Errors;
using ResLora.Images;
using ResLora.Images.Decoding;
using ResLora.Tests.Fuzzing;
using ResLora.Tests.Support;
using SkiaSharp;
using Xunit;

namespace ResLora.Tests.Images.Decoding;

public sealed class PictureDecoderTests
{
    public static TheoryData<string> Formats => ["png", "jpeg", "webp", "bmp"];

    [Fact]
    public void Decode_FileOfAnyExtension_IsReadByItsContent()
    {
        using var folder = new TemporaryFolder();
        var picture = TinyPictures.Ramp(5, 7);

        var got = PictureDecoder.Decode(folder.Write("really_png.jpg", TinyPictures.Png(picture)));

        Assert.Equal((5, 7), (got.Height, got.Width));
        Assert.Equal(picture.Bytes, got.Bytes);
    }

    [Theory]
    [InlineData("webp")]
    [InlineData("bmp")]
    public void Decode_FormatsWithoutLoss_GiveTheBytes(string format)
    {
        var picture = TinyPictures.Ramp(6, 5);

        var got = PictureDecoder.Decode(File(picture, format), "picture");

        Assert.Equal(picture.Bytes, got.Bytes);
    }

    [Fact]
    public void Decode_Jpeg_IsNearTheBytes()
    {
        var picture = new PixelImage(16, 16, [.. Enumerable.Range(0, 256).SelectMany(i => new[] { (byte)i, (byte)i, (byte)i })]);

        var got = PictureDecoder.Decode(File(picture, "jpeg"), "picture");

        Assert.All(got.Bytes.Zip(picture.Bytes), pair => Assert.InRange(pair.First - pair.Second, -4, 4));
    }

    [Fact]
    public void Decode_SixteenBits_AreReadByTheirHighByte()
    {
        var png = TinyPictures.Png(2, 1, 16, TinyPictures.Gray, [0x12, 0xFF, 0xFE, 0x00]);

        Assert.Equal([0x12, 0x12, 0x12, 0xFE, 0xFE, 0xFE], PictureDecoder.Decode(png, "picture").Bytes);
    }

    [Fact]
    public void Decode_Transparency_GoesOverWhite()
    {
        var png = TinyPictures.Png(3, 1, 8, TinyPictures.Rgba, [10, 20, 30, 0, 0, 100, 200, 128, 1, 2, 3, 255]);

        // (128 · c + 127 · 255 + 127) / 255, rounded down
        Assert.Equal([255, 255, 255, 127, 177, 227, 1, 2, 3], PictureDecoder.Decode(png, "picture").Bytes);
    }

    [Fact]
    public void Decode_Gamma_IsNotApplied()
    {
        var picture = TinyPictures.Ramp(4, 4);
        var png = TinyPictures.Png(picture, ("gAMA", [0, 0, 0x40, 0]));

        Assert.Equal(picture.Bytes, PictureDecoder.Decode(png, "picture").Bytes);
    }

    // The EXIF standard's eight ways: where row 0 and column 0 of what is stored belong. Stored: 1 2 3 over 4 5 6.
    [Theory]
    [InlineData(0, "123/456")]
    [InlineData(1, "123/456")]
    [InlineData(2, "321/654")]
    [InlineData(3, "654/321")]
    [InlineData(4, "456/123")]
    [InlineData(5, "14/25/36")]
    [InlineData(6, "41/52/63")]
    [InlineData(7, "63/52/41")]
    [InlineData(8, "36/25/14")]
    [InlineData(9, "123/456")]
    public void Decode_OrientationInAPng_TurnsThePicture(ushort orientation, string upright)
    {
        byte[] stored = [1, 2, 3, 4, 5, 6];
        foreach (var isLittle in new[] { true, false })
        {
            var got = PictureDecoder.Decode(
                TinyPictures.Png(3, 2, 8, TinyPictures.Gray, stored, ("eXIf", TinyPictures.Exif(orientation, isLittle))), "picture");

            var rows = got.Bytes.Chunk(3 * got.Width).Select(row => string.Concat(row.Chunk(3).Select(pixel => pixel[0])));
            Assert.Equal(upright, string.Join('/', rows));
        }
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 1 })]
    [InlineData(new byte[] { (byte)'I', (byte)'I', 42, 0, 255, 255, 255, 255, 0, 0 })]
    [InlineData(new byte[] { (byte)'I', (byte)'I', 42, 0, 8, 0, 0, 0, 255, 255, 1 })]
    [InlineData(new byte[] { (byte)'Q', (byte)'Q', 42, 0, 8, 0, 0, 0, 1, 0 })]
    public void Decode_ExifThatCannotBeRead_LeavesThePictureAsItIs(byte[] exif)
    {
        var picture = TinyPictures.Ramp(2, 3);

        Assert.Equal(picture.Bytes, PictureDecoder.Decode(TinyPictures.Png(picture, ("eXIf", exif)), "picture").Bytes);
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("<html><body>not found</body></html>", "it is text")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "pointer of Git LFS")]
    [InlineData("II*\0        ", "TIFF")]
    [InlineData("\0\0\0\u001cftypavif", "AVIF")]
    [InlineData("\u0001\u0002\u0003\u0004", "no format known")]
    public void Decode_WhatIsNoPicture_IsRefusedByNameAndKind(string content, string kind)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("cat.png", Encoding.Latin1.GetBytes(content));

        var error = Assert.Throws<FileFormatException>(() => PictureDecoder.Decode(path));

        Assert.Contains("cat.png", error.Message, StringComparison.Ordinal);
        Assert.Contains(kind, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_PictureAboveTheLimit_IsRefusedFromItsHeader()
    {
        var png = TinyPictures.Png(20_000, 20_000, 1, TinyPictures.Gray, []);

        var error = Assert.Throws<FileFormatException>(() => PictureDecoder.Decode(png, "'large.png'"));

        Assert.Contains("'large.png' declares 20000 x 20000 pixels", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_OneBitWrong_IsRefused()
    {
        var png = TinyPictures.Png(TinyPictures.Noise(9, 9));
        png[^40] ^= 1;

        var error = Assert.Throws<FileFormatException>(() => PictureDecoder.Decode(png, "'wrong.png'"));

        Assert.Contains("'wrong.png' is a damaged Png file", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Decode_FileCutOffAnywhere_IsRefusedOrWhole(string format)
    {
        var whole = File(TinyPictures.Noise(9, 11), format);
        var picture = PictureDecoder.Decode(whole, "picture");

        var refused = 0;
        for (var length = 0; length < whole.Length; length++)
        {
            try
            {
                // What follows the last pixel may be missing in some formats.
                Assert.Equal(picture.Bytes, PictureDecoder.Decode(whole.AsSpan(0, length), "'cut'").Bytes);
            }
            catch (FileFormatException error)
            {
                Assert.Contains("'cut'", error.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.InRange(refused, whole.Length - 32, whole.Length);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Decode_DamagedFile_EndsInAPictureOrInOurError(string format)
    {
        var whole = File(TinyPictures.Noise(9, 11), format);
        var mutator = new Mutator(20);
        var refused = 0;
        for (var i = 0; i < 300; i++)
        {
            try
            {
                PictureDecoder.Decode(mutator.Damage(whole), "'damaged'");
            }
            catch (FileFormatException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1, 300);
    }

    private static byte[] File(PixelImage picture, string format) => format switch
    {
        "png" => TinyPictures.Png(picture),
        "bmp" => TinyPictures.Bmp(picture),
        "webp" => WebP(picture),
        _ => TinyPictures.Encoded(picture, SKEncodedImageFormat.Jpeg),
    };

    private static byte[] WebP(PixelImage picture)
    {
        using var bitmap = SKBitmap.Decode(TinyPictures.Png(picture));
        using var pixels = bitmap.PeekPixels();
        using var data = pixels.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 100))!;
        return data.ToArray();
    }
}
