using System.Buffers.Binary;
using System.Text;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Tensors.Safetensors;

/// <summary>One row per rule of the format: a file that breaks only this rule, and what the message must say.</summary>
public sealed class SafetensorsHeaderParserTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("not an object", """["w"]""", 0, "does not start with '{'")]
    [InlineData("blank before the object", " {}", 0, "does not start with '{'")]
    [InlineData("no header", "", 0, "does not start with '{'")]
    [InlineData("cut JSON", """{"w":""", 0, "not valid JSON")]
    [InlineData("text after the object", "{} {}", 0, "not valid JSON")]
    [InlineData("comment", "{} // hello", 0, "not valid JSON")]
    [InlineData("too deep", """{"w":{"shape":[[[[[1]]]]]}}""", 0, "whole numbers")]
    [InlineData("too deep in metadata", """{"__metadata__":{"a":{"b":1}}}""", 0, "__metadata__ 'a' is not a string")]
    [InlineData("metadata no object", """{"__metadata__":[]}""", 0, "__metadata__ is not an object of strings")]
    [InlineData("metadata number", """{"__metadata__":{"a":1}}""", 0, "__metadata__ 'a' is not a string")]
    [InlineData("metadata key twice", """{"__metadata__":{"a":"1","\u0061":"2"}}""", 0, "has 'a' twice")]
    [InlineData("metadata twice", """{"__metadata__":{},"__metadata__":{}}""", 0, "__metadata__ appears twice")]
    [InlineData("tensor no object", """{"w":3}""", 0, "tensor 'w' is not an object")]
    [InlineData("tensor twice", """{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""", 0, "tensor 'w' appears twice")]
    [InlineData("unknown member", """{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"strides":[1]}}""", 0, "the member 'strides', which is unknown")]
    [InlineData("member twice", """{"w":{"dtype":"U8","dtype":"I64","shape":[0],"data_offsets":[0,0]}}""", 0, "the member 'dtype', which is unknown or appears twice")]
    [InlineData("no dtype", """{"w":{"shape":[0],"data_offsets":[0,0]}}""", 0, "one is missing")]
    [InlineData("no shape", """{"w":{"dtype":"U8","data_offsets":[0,0]}}""", 0, "one is missing")]
    [InlineData("no offsets", """{"w":{"dtype":"U8","shape":[0]}}""", 0, "one is missing")]
    [InlineData("one offset", """{"w":{"dtype":"U8","shape":[0],"data_offsets":[0]}}""", 0, "one is missing")]
    [InlineData("three offsets", """{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}}""", 0, "more than 2 numbers")]
    [InlineData("dtype no string", """{"w":{"dtype":8,"shape":[0],"data_offsets":[0,0]}}""", 0, "dtype of tensor 'w' is not a string")]
    [InlineData("dtype unsupported", """{"w":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}""", 1, "element type 'F8_E4M3', which is not supported; supported are I64, F64, F32, I32, BF16, F16, U8, BOOL")]
    [InlineData("dtype lower case", """{"w":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}""", 4, "element type 'f32'")]
    [InlineData("shape no list", """{"w":{"dtype":"U8","shape":4,"data_offsets":[0,4]}}""", 4, "shape of tensor 'w' is not a list of numbers")]
    [InlineData("negative size", """{"w":{"dtype":"U8","shape":[-2,-2],"data_offsets":[0,4]}}""", 4, "whole numbers from 0")]
    [InlineData("fractional size", """{"w":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}""", 1, "whole numbers from 0")]
    [InlineData("size over 63 bits", """{"w":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}}""", 1, "whole numbers from 0")]
    [InlineData("product over 63 bits", """{"w":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "too large to count")]
    [InlineData("width over 63 bits", """{"w":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}""", 0, "too large to count")]
    [InlineData("strides over 63 bits", """{"w":{"dtype":"U8","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "too large to count")]
    [InlineData("negative offset", """{"w":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}""", 1, "data_offsets of tensor 'w' holds something else")]
    [InlineData("end before begin", """{"w":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}""", 1, "data_offsets [1, 0]")]
    [InlineData("end behind the data", """{"w":{"dtype":"U8","shape":[5],"data_offsets":[0,5]}}""", 4, "the data has 4 bytes (is the file cut short?)")]
    [InlineData("span too short", """{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "has 4 bytes of data, but F32 of shape [2] needs 8")]
    [InlineData("span too long", """{"w":{"dtype":"F32","shape":[],"data_offsets":[0,8]}}""", 8, "F32 of shape [] needs 4")]
    [InlineData("overlap", """{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", 4, "tensor 'b' overlaps")]
    [InlineData("same data", """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", 4, "overlaps")]
    [InlineData("hole at the start", """{"w":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", 4, "2 bytes of data before tensor 'w' belong to no tensor")]
    [InlineData("hole in the middle", """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}""", 4, "2 bytes of data before tensor 'b'")]
    [InlineData("hole at the end", """{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 4, "the last 2 bytes of data belong to no tensor")]
    [InlineData("data without tensors", "{}", 4, "the last 4 bytes of data belong to no tensor")]
    [InlineData("half a surrogate pair", """{"\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""", 0, "half a surrogate pair")]
    [InlineData("control characters in a name", """{"\u001b[2J":3}""", 0, "tensor '?[2J' is not an object")]
    public void ReadHeader_RuleBroken_SaysWhich(string rule, string header, int dataLength, string message)
    {
        var path = _folder.Write("broken.safetensors", RawSafetensors.Of(header, dataLength));

        var error = Assert.Throws<FileFormatException>(() => SafetensorsReader.ReadHeader(path));

        Assert.True(error.Message.Contains(message, StringComparison.Ordinal), $"{rule}: {error.Message}");
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadHeader_FileShorterThanThePrefix_SaysHowLongItIs()
    {
        var path = _folder.Write("broken.safetensors", new byte[7]);

        Assert.Contains("it has 7 bytes", Message(path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3UL)]
    [InlineData(100_000_001UL)]
    [InlineData(ulong.MaxValue)]
    public void ReadHeader_HeaderLongerThanTheFile_IsRefusedWithoutAllocatingIt(ulong length)
    {
        var file = new byte[10];
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        var path = _folder.Write("broken.safetensors", file);

        Assert.Contains($"a header of {length} bytes, but at most 2 are possible", Message(path), StringComparison.Ordinal);
    }

    [Fact]
    public void ReadHeader_HeaderOverTheFormatsBound_IsRefused()
    {
        var prefix = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, 100_000_001);
        var path = _folder.Write("broken.safetensors", prefix);
        using (var file = File.OpenWrite(path))
        {
            file.SetLength(200_000_000);
        }

        Assert.Contains("at most 100000000 are possible", Message(path), StringComparison.Ordinal);
    }

    [Fact]
    public void ReadHeader_InvalidUtf8_IsRefused()
    {
        var path = _folder.Write("broken.safetensors", RawSafetensors.Of([(byte)'{', 0xFF, (byte)'}'], []));

        Assert.Contains("not valid UTF-8", Message(path), StringComparison.Ordinal);
    }

    [Fact]
    public void ReadHeader_TooManyDimensions_IsRefused()
    {
        var shape = string.Join(',', Enumerable.Repeat(1, 65));
        var path = _folder.Write("broken.safetensors", RawSafetensors.Of($$$"""{"w":{"dtype":"U8","shape":[{{{shape}}}],"data_offsets":[0,1]}}""", 1));

        Assert.Contains("more than 64 numbers", Message(path), StringComparison.Ordinal);
    }

    [Fact]
    public void ReadHeader_VeryLongName_IsShortenedInTheMessage()
    {
        var path = _folder.Write("broken.safetensors", RawSafetensors.Of($$"""{"{{new string('x', 100_000)}}":3}""", 0));

        Assert.InRange(Message(path).Length, 1, 600);
    }

    [Fact]
    public void ReadHeader_EmptyTensorsBetweenOthers_AreAccepted()
    {
        const string header = """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"e":{"dtype":"F64","shape":[3,0],"data_offsets":[2,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""";
        var path = _folder.Write("ok.safetensors", RawSafetensors.Of(Encoding.UTF8.GetBytes(header), new byte[4]));

        Assert.Equal(3, SafetensorsReader.ReadHeader(path).Entries.Count);
    }

    private static string Message(string path) => Assert.Throws<FileFormatException>(() => SafetensorsReader.ReadHeader(path)).Message;
}
