using System.Buffers.Binary;
using System.Text;
using ResLora.Images.Decoding;
using ResLora.Images.Writing;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Images.Writing;

public sealed class PngFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 9)]
    [InlineData(64, 3)]
    public void Write_APicture_IsReadBackPixelByPixel(int height, int width)
    {
        var picture = TinyPictures.Noise(height, width);

        PngFile.Write(_folder["a.png"], picture, new Dictionary<string, string> { ["key"] = "text" });
        var read = PictureDecoder.Decode(File.ReadAllBytes(_folder["a.png"]), "a.png");

        Assert.Equal((height, width), (read.Height, read.Width));
        Assert.Equal(picture.Bytes, read.Bytes);
    }

    [Fact]
    public void Write_Texts_StandInChunksWithTheirChecksums()
    {
        var texts = new Dictionary<string, string>
        {
            ["parameters"] = "a red apple\nSteps: 30, CFG scale: 7.5",
            ["empty"] = "",
            ["latin"] = "Äpfel, 5 °C",
            ["other"] = "ein Apfel für 5 € – 苹果 🍎",
        };

        PngFile.Write(_folder["a.png"], TinyPictures.Ramp(4, 5), texts);
        var chunks = Chunks(File.ReadAllBytes(_folder["a.png"]));

        Assert.Equal("IHDR", chunks[0].Type);
        Assert.Equal("IEND", chunks[^1].Type);
        Assert.Equal(["tEXt", "tEXt", "tEXt", "iTXt"], chunks.Skip(1).Take(4).Select(chunk => chunk.Type));
        Assert.Equal(texts, chunks.Where(chunk => chunk.Type is "tEXt" or "iTXt").Select(Text).ToDictionary());
        Assert.All(chunks, chunk => Assert.Equal(Crc([.. Encoding.ASCII.GetBytes(chunk.Type), .. chunk.Data]), chunk.Checksum));
    }

    [Fact]
    public void Write_OverAFile_ReplacesIt()
    {
        _folder.Write("a.png", "something longer than a picture of one pixel, which must be gone afterwards".PadRight(9000));

        PngFile.Write(_folder["a.png"], TinyPictures.Ramp(1, 1), new Dictionary<string, string>());

        Assert.Equal((1, 1), (PictureDecoder.Decode(File.ReadAllBytes(_folder["a.png"]), "a.png").Width, _folder.Names().Length));
    }

    public void Dispose() => _folder.Dispose();

    private static List<(string Type, byte[] Data, uint Checksum)> Chunks(byte[] file)
    {
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A], file[..8]);
        var chunks = new List<(string, byte[], uint)>();
        for (var place = 8; place < file.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(place));
            chunks.Add((
                Encoding.ASCII.GetString(file, place + 4, 4), file[(place + 8)..(place + 8 + length)],
                BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(place + 8 + length))));
            place += 12 + length;
        }

        return chunks;
    }

    // PNG specification, 11.3.3: a key, a zero, the text; with UTF-8 two more numbers and two more texts that end in zeros.
    private static KeyValuePair<string, string> Text((string Type, byte[] Data, uint Checksum) chunk)
    {
        var end = Array.IndexOf(chunk.Data, (byte)0);
        var key = Encoding.Latin1.GetString(chunk.Data, 0, end);
        if (chunk.Type == "tEXt")
        {
            return new(key, Encoding.Latin1.GetString(chunk.Data.AsSpan(end + 1)));
        }

        Assert.Equal([0, 0, 0, 0, 0], chunk.Data[end..(end + 5)]);
        return new(key, Encoding.UTF8.GetString(chunk.Data.AsSpan(end + 5)));
    }

    // PNG specification, annex D.
    private static uint Crc(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 0 ? crc >> 1 : 0xEDB88320 ^ (crc >> 1);
            }
        }

        return ~crc;
    }
}
