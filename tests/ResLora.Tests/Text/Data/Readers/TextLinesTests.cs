using System.Text;
using ResLora.Formats.Errors;
using ResLora.Text.Data.Readers;
using Xunit;

namespace ResLora.Tests.Text.Data.Readers;

public sealed class TextLinesTests
{
    [Fact]
    public void Read_LinesOfAnyLength_ComeAsTheyAre()
    {
        string[] lines = ["", "é", new string('x', 70_000), "the last has no break"];

        Assert.Equal(lines, Read(Encoding.UTF8.GetBytes(string.Join("\r\n", lines))));
    }

    [Fact]
    public void Read_Utf8Mark_IsNoPartOfTheText() => Assert.Equal(["a", "b"], Read([0xEF, 0xBB, 0xBF, .. "a\nb"u8]));

    [Fact]
    public void Read_StreamThatGivesByteByByte_ReadsNoFurtherThanTheLine()
    {
        using var stream = new Trickle("1\ntwo\n"u8.ToArray());

        Assert.Equal("1", TextLines.Read(stream, "input").First());
        Assert.Equal(2, stream.Given);
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFE, (byte)'a', 0 }, "line 1: the text is in UTF-16")]
    [InlineData(new byte[] { 0xFE, 0xFF, 0, (byte)'a' }, "line 1: the text is in UTF-16")]
    [InlineData(new byte[] { 0xFF, 0xFE, 0, 0 }, "line 1: the text is in UTF-32")]
    [InlineData(new byte[] { 0, 0, 0xFE, 0xFF }, "line 1: the text is in UTF-32")]
    [InlineData(new byte[] { (byte)'a', (byte)'\n', 0xC3, 0x28 }, "line 2: the bytes are not UTF-8")]
    [InlineData(new byte[] { (byte)'a', (byte)'\n', (byte)'\n', (byte)'b', 0 }, "line 3: the line holds a NUL byte")]
    public void Read_WhatIsNotUtf8Text_NamesTheLine(byte[] bytes, string expected)
    {
        var error = Assert.Throws<FileFormatException>(() => Read(bytes));

        Assert.StartsWith("input, " + expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_LineWithoutAnEnd_IsGivenUpInBoundedMemory()
    {
        using var stream = new Endless();

        var error = Assert.Throws<FileFormatException>(() => TextLines.Read(stream, "input").Count());

        Assert.Contains($"line 1: the line is longer than {Row.MaxCharacters} characters", error.Message, StringComparison.Ordinal);
        Assert.InRange(stream.Given, 0, 3L * TextLines.MaxBytes);
    }

    private static string[] Read(byte[] bytes) => [.. TextLines.Read(new MemoryStream(bytes), "input")];

    private sealed class Trickle(byte[] bytes) : MemoryStream(bytes)
    {
        public int Given { get; private set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = base.Read(buffer, offset, Math.Min(1, count));
            Given += read;
            return read;
        }
    }

    private sealed class Endless : MemoryStream
    {
        public long Given { get; private set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            buffer.AsSpan(offset, count).Fill((byte)'x');
            Given += count;
            return count;
        }
    }
}
