using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Tensors.Gguf;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Tensors.Gguf;

public sealed class GgufWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_Metadata_ComesBackInItsTypes()
    {
        var metadata = new GgufMetadata();
        metadata.Add("count", uint.MaxValue);
        metadata.Add("rate", 1e-5f);
        metadata.Add("yes", true);
        metadata.Add("no", false);
        metadata.Add("text", "größe ▁");
        metadata.Add("texts", ["a", "", "日本"]);
        metadata.Add("floats", [-1.5f, float.MinValue]);
        metadata.Add("numbers", [-1, int.MaxValue]);

        GgufWriter.Write(_folder["a.gguf"], metadata, []);

        using var reader = GgufFile.Open(_folder["a.gguf"]);
        Assert.Equal(8, reader.Metadata.Count);
        Assert.Equal(uint.MaxValue, reader.Require<uint>("count"));
        Assert.Equal(1e-5f, reader.Require<float>("rate"));
        Assert.True(reader.Require<bool>("yes"));
        Assert.False(reader.Require<bool>("no"));
        Assert.Equal("größe ▁", reader.Require<string>("text"));
        Assert.Equal(["a", "", "日本"], reader.Require<string[]>("texts"));
        Assert.Equal([-1.5f, float.MinValue], reader.Require<float[]>("floats"));
        Assert.Equal([-1, int.MaxValue], reader.Require<int[]>("numbers"));
    }

    [Fact]
    public void Write_AKnownFile_GivesTheFormatsBytes()
    {
        var metadata = new GgufMetadata();
        metadata.Add("k", 5u);

        GgufWriter.Write(
            _folder["a.gguf"], metadata, [new("t", [1, 2], GgufWeightType.F32, () => tensor(new[] { 1f, -2f }).reshape(1, 2))]);

        byte[] head =
        [
            .. "GGUF"u8, .. RawGguf.U32(3), .. RawGguf.U64(1), .. RawGguf.U64(1), .. RawGguf.Text("k"), .. RawGguf.U32(4), .. RawGguf.U32(5),
            .. RawGguf.Text("t"), .. RawGguf.U32(2), .. RawGguf.U64(2), .. RawGguf.U64(1), .. RawGguf.U32(0), .. RawGguf.U64(0),
        ];
        byte[] data = [.. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(-2f), .. new byte[24]];
        Assert.Equal([.. head, .. new byte[(32 - head.Length % 32) % 32], .. data], File.ReadAllBytes(_folder["a.gguf"]));
    }

    [Theory]
    [InlineData(GgufWeightType.F32, ScalarType.Float32, "F32")]
    [InlineData(GgufWeightType.F16, ScalarType.Float16, "F16")]
    [InlineData(GgufWeightType.BF16, ScalarType.BFloat16, "BF16")]
    public void Write_FloatingPoint_ComesBackRoundedToTheType(GgufWeightType type, ScalarType dtype, string name)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3, CPU);
        var matrix = randn([5, 7], generator: generator);
        var vector = randn([7], generator: generator);

        GgufWriter.Write(_folder["a.gguf"], new GgufMetadata(),
        [
            new("matrix", [5, 7], type, () => matrix.t().contiguous().t()),
            new("vector", [7], type, () => vector.alias()),
        ]);

        using var reader = GgufFile.Open(_folder["a.gguf"]);
        Assert.Equal(name, reader.Entries["matrix"].TypeName);
        Assert.Equal(dtype, reader.Read("matrix").dtype);
        Assert.True(reader.Read("matrix").eq(matrix.to(dtype)).all().item<bool>());
        Assert.Equal("F32", reader.Entries["vector"].TypeName);
        Assert.True(reader.Read("vector").eq(vector).all().item<bool>());
    }

    [Fact]
    public void Write_Quantized_IsTheReferenceQuantisation()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        var matrix = randn([3, 96], generator: generator);
        matrix[1].zero_();   // a block of zeros has no scale to divide by
        // 127 sets the scale to 1, so that 0.5 and -0.5 are halves.
        matrix[2].narrow(0, 0, 32).copy_(
            tensor(Enumerable.Range(0, 32).Select(i => i switch { 0 => 127f, 1 => 0.5f, 2 => -0.5f, 3 => 2.5f, _ => i }).ToArray()));

        GgufWriter.Write(_folder["a.gguf"], new GgufMetadata(), [new("m", [3, 96], GgufWeightType.Q8, () => matrix.alias())]);

        using var reader = GgufFile.Open(_folder["a.gguf"]);
        var back = reader.Read("m");
        Assert.Equal("Q8_0", reader.Entries["m"].TypeName);
        Assert.Equal(3 * 3 * 34, reader.Entries["m"].Length);
        Assert.Equal(Reference(matrix.data<float>().ToArray()), back.data<float>().ToArray());
        // Half a step of the scale, which is max / 127, and what float16 takes off the scale: max · 2^-11.
        var bound = matrix.view(3, 3, 32).abs().amax([-1]) * (0.5 / 127 + 1.0 / 2048) + 1e-7;
        Assert.True((back - matrix).view(3, 3, 32).abs().amax([-1]).le(bound).all().item<bool>());
        Assert.Equal([127f, 1f, -1f, 3f], back[2].narrow(0, 0, 4).data<float>().ToArray());
    }

    [Fact]
    public void Write_QuantizedRowsOfAnOddLength_AreFloat16()
    {
        GgufWriter.Write(_folder["a.gguf"], new GgufMetadata(), [new("m", [2, 33], GgufWeightType.Q8, () => ones(2, 33))]);

        using var reader = GgufFile.Open(_folder["a.gguf"]);
        Assert.Equal("F16", reader.Entries["m"].TypeName);
    }

    [Fact]
    public void Write_ManyTensors_AreAlignedAndOneInMemoryAtATime()
    {
        Tensor? previous = null;
        var gone = 0;
        GgufTensor Item(int i) => new($"t{i}", [i + 1], GgufWeightType.F32, () =>
        {
            gone += previous?.IsInvalid == true ? 1 : 0;
            return previous = full([i + 1], i);
        });

        var growth =
            LiveTensors.Growth(() => GgufWriter.Write(_folder["a.gguf"], new GgufMetadata(), [.. Enumerable.Range(0, 20).Select(Item)]));

        using var reader = GgufFile.Open(_folder["a.gguf"]);
        Assert.Equal(0, growth);
        Assert.Equal(19, gone);
        Assert.All(reader.Entries.Values, entry => Assert.Equal(0, entry.Offset % 32));
        Assert.All(Enumerable.Range(0, 20), i =>
        {
            using var tensor = reader.Read($"t{i}");
            Assert.Equal(Enumerable.Repeat((float)i, i + 1), tensor.data<float>().ToArray());
        });
    }

    public static TheoryData<string, GgufTensor[]> Unwritable => new()
    {
        { "given twice", [new("t", [1], GgufWeightType.F32, () => ones(1)), new("t", [1], GgufWeightType.F32, () => ones(1))] },
        { "names of 63 bytes", [new(new string('n', 64), [1], GgufWeightType.F32, () => ones(1))] },
        { "1 to 4 dimensions", [new("t", [], GgufWeightType.F32, () => ones(1))] },
        { "1 to 4 dimensions", [new("t", [0], GgufWeightType.F32, () => ones(0))] },
    };

    [Theory]
    [MemberData(nameof(Unwritable))]
    public void Write_WhatTheFormatCannotHold_IsRefusedAndNothingIsWritten(string expected, GgufTensor[] tensors)
    {
        var error = Assert.Throws<ConfigException>(() => GgufWriter.Write(_folder["a.gguf"], new GgufMetadata(), tensors));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names());
    }

    [Fact]
    public void Write_ContentOfAnotherShape_IsRefusedAndNothingIsWritten()
    {
        Assert.Throws<ShapeException>(() => GgufWriter.Write(
            _folder["a.gguf"], new GgufMetadata(), [new("t", [2], GgufWeightType.F32, () => ones(3))]));

        Assert.Empty(_folder.Names());
    }

    [Theory]
    [InlineData("f32", GgufWeightType.F32, 0)]
    [InlineData("f16", GgufWeightType.F16, 1)]
    [InlineData("bf16", GgufWeightType.BF16, 32)]
    [InlineData("q8_0", GgufWeightType.Q8, 7)]
    public void Parse_Name_GivesTheTypeAndItsNumber(string name, GgufWeightType type, uint fileType)
    {
        Assert.Equal(type, GgufWeightTypes.Parse(name));
        Assert.Equal(name, type.Name());
        Assert.Equal(fileType, type.FileType());
        Assert.Throws<ConfigException>(() => GgufWeightTypes.Parse($"{name}x"));
    }

    /// <summary>ggml's reference, number by number, and back.</summary>
    private static float[] Reference(float[] numbers) => [.. numbers.Chunk(32).SelectMany(block =>
    {
        var scale = block.Max(Math.Abs) / 127f;
        var inverse = scale == 0 ? 0 : 1f / scale;
        return block.Select(x => (float)(Half)scale * (sbyte)MathF.Round(x * inverse, MidpointRounding.AwayFromZero));
    })];
}
