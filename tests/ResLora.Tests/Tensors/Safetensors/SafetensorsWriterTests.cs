using System.Text;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Tensors.Safetensors;

public sealed class SafetensorsWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<ScalarType> Types { get; } =
        [ScalarType.Int64, ScalarType.Float64, ScalarType.Float32, ScalarType.Int32, ScalarType.BFloat16, ScalarType.Float16, ScalarType.Byte, ScalarType.Bool];

    private string File => _folder["out.safetensors"];

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Write_EveryType_ReadsBackBitForBit(ScalarType type)
    {
        var generator = new Generator(7);
        var values = randint(0, 2, [3, 5], generator: generator).to(type);

        SafetensorsWriter.Write(File, [new("matrix", values), new("scalar", values[1, 1]), new("empty", zeros([4, 0, 2], type))]);
        using var reader = SafetensorsReader.Open(File);

        AssertSame(values, reader.Read("matrix"));
        AssertSame(values[1, 1], reader.Read("scalar"));
        AssertSame(zeros([4, 0, 2], type), reader.Read("empty"));
    }

    [Fact]
    public void Write_SpecialValues_KeepTheirBits()
    {
        var values = tensor(new[] { float.NaN, float.PositiveInfinity, -0f, float.Epsilon });

        SafetensorsWriter.Write(File, [new("x", values)]);
        using var reader = SafetensorsReader.Open(File);

        Assert.Equal(values.bytes.ToArray(), reader.Read("x").bytes.ToArray());
    }

    [Fact]
    public void Write_MixedTypes_LaysOutAsTheReferenceDoes()
    {
        SafetensorsWriter.Write(File,
        [
            new("flag", ones([1], ScalarType.Bool)),
            new("z", zeros([2, 2])),
            new("a", zeros([])),
            new("half", zeros([1], ScalarType.Float16)),
            new("count", tensor(1L)),
        ]);
        var bytes = System.IO.File.ReadAllBytes(File);
        var length = (int)BitConverter.ToInt64(bytes);

        const string expected = """{"__metadata__":{"format":"pt"},"count":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[],"data_offsets":[8,12]},"z":{"dtype":"F32","shape":[2,2],"data_offsets":[12,28]},"half":{"dtype":"F16","shape":[1],"data_offsets":[28,30]},"flag":{"dtype":"BOOL","shape":[1],"data_offsets":[30,31]}}""";
        Assert.Equal(expected, Encoding.UTF8.GetString(bytes, 8, length).TrimEnd(' '));
        Assert.Equal(0, length % 8);
        Assert.Equal(8 + length + 31, bytes.Length);
    }

    [Fact]
    public void Write_NoTensors_ReadsBackEmpty()
    {
        SafetensorsWriter.Write(File, [], new Dictionary<string, string>());

        using var reader = SafetensorsReader.Open(File);

        Assert.Empty(reader.Entries);
        Assert.Empty(reader.Metadata);
    }

    [Fact]
    public void Write_NamesAndMetadataOfAnyScript_ReadBack()
    {
        var metadata = new Dictionary<string, string> { ["b"] = "\"quoted\"\n", ["a"] = "Ωμέγα \U0001F600 </script>" };

        SafetensorsWriter.Write(File, [new("слой.\"0\"", ones([1])), new("", ones([1]))], metadata);
        using var reader = SafetensorsReader.Open(File);

        Assert.Equal(metadata, reader.Metadata);
        Assert.Equal(["", "слой.\"0\""], reader.Entries.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Write_NotContiguousAndWithGradient_WritesTheValues()
    {
        var matrix = arange(6, ScalarType.Float32).reshape(2, 3).requires_grad_();

        SafetensorsWriter.Write(File, [new("t", matrix.t())]);
        using var reader = SafetensorsReader.Open(File);

        Assert.Equal([0, 3, 1, 4, 2, 5], reader.Read("t").data<float>().ToArray());
    }

    [Fact]
    public void Write_LargerThanOnePiece_ReadsBack()
    {
        var many = arange(9 * 1024 * 1024, ScalarType.Int32);

        SafetensorsWriter.Write(File, [new("x", many), new("y", ones([3], ScalarType.Byte))]);
        using var reader = SafetensorsReader.Open(File);

        Assert.True(reader.Read("x").Equals(many));
    }

    [Fact]
    public void Write_OverTheFileThatIsBeingRead_KeepsBothWhole()
    {
        SafetensorsWriter.Write(File, [new("x", ones([1000]))]);
        using var reader = SafetensorsReader.Open(File);
        var mapped = reader.Read("x");

        SafetensorsWriter.Write(File, [new("x", mapped * 2)]);
        using var again = SafetensorsReader.Open(File);

        Assert.Equal(1000, mapped.sum().item<float>());
        Assert.Equal(2000, again.Read("x").sum().item<float>());
    }

    [Fact]
    public void Write_SameInputInAnotherOrder_GivesTheSameBytes()
    {
        var (a, b) = (ones([2]), zeros([3], ScalarType.Int64));
        SafetensorsWriter.Write(File, [new("a", a), new("b", b)]);

        SafetensorsWriter.Write(_folder["other"], [new("b", b), new("a", a)]);

        Assert.Equal(System.IO.File.ReadAllBytes(File), System.IO.File.ReadAllBytes(_folder["other"]));
    }

    [Theory]
    [InlineData("x", "x", "given twice")]
    [InlineData("x", "__metadata__", "'__metadata__' is reserved")]
    public void Write_BadName_IsRefusedAndWritesNothing(string first, string second, string message)
    {
        var error = Assert.Throws<ConfigException>(() => SafetensorsWriter.Write(File, [new(first, ones([1])), new(second, ones([1]))]));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names());
    }

    [Fact]
    public void Write_UnsupportedType_IsRefusedByName()
    {
        var error = Assert.Throws<ConfigException>(() => SafetensorsWriter.Write(File, [new("x", ones([1], ScalarType.ComplexFloat32))]));

        Assert.Contains("tensor 'x' has the element type ComplexFloat32", error.Message, StringComparison.Ordinal);
    }

    private static void AssertSame(Tensor expected, Tensor found)
    {
        Assert.Equal(expected.dtype, found.dtype);
        Assert.Equal(expected.shape, found.shape);
        Assert.True(expected.Equals(found));
    }
}
