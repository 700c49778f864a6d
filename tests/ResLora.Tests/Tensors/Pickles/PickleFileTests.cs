using System.IO.Compression;
using System.Text;
using ResLora.Formats.Errors;
using ResLora.Tensors;
using ResLora.Tensors.Pickles;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Tensors.Pickles;

public sealed class PickleFileTests : IDisposable
{
    private static readonly byte[] _floats = Pickled.Storage("FloatStorage", "0", 4);
    private static readonly byte[] _square = Pickled.Tensor(_floats, 0, [2, 2], [2, 1]);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0, new long[] { 2, 2 }, new long[] { 2, 1 }, new float[] { 1, 2, 3, 4 })]
    [InlineData(0, new long[] { 2, 2 }, new long[] { 1, 2 }, new float[] { 1, 3, 2, 4 })]
    [InlineData(1, new long[] { 2 }, new long[] { 2 }, new float[] { 2, 4 })]
    [InlineData(3, new long[0], new long[0], new float[] { 4 })]
    [InlineData(4, new long[] { 0, 3 }, new long[] { 3, 1 }, new float[0])]
    public void Read_AView_HasItsNumbersInOrder(long start, long[] shape, long[] strides, float[] expected)
    {
        using var file = Open(Pickled.Dictionary(("w", Pickled.Tensor(_floats, start, shape, strides))));

        using var tensor = file.Read("w");

        Assert.Equal(shape, file.Tensors["w"].Shape);
        Assert.Equal(shape, tensor.shape);
        Assert.Equal(expected, tensor.NumberOfElements == 0 ? [] : tensor.data<float>().ToArray());
    }

    [Theory]
    [InlineData("HalfStorage", 8, ScalarType.Float16)]
    [InlineData("BFloat16Storage", 8, ScalarType.BFloat16)]
    [InlineData("DoubleStorage", 2, ScalarType.Float64)]
    [InlineData("LongStorage", 2, ScalarType.Int64)]
    [InlineData("BoolStorage", 16, ScalarType.Bool)]
    public void Read_EachType_HasAsManyNumbersAsFit(string storage, long count, ScalarType type)
    {
        using var file = Open(Pickled.Dictionary(("w", Pickled.Tensor(Pickled.Storage(storage, "0", count), 0, [count], [1]))));

        using var tensor = file.Read("w");

        Assert.Equal((type, count), (tensor.dtype, tensor.shape[0]));
    }

    [Fact]
    public void Open_ATrainingState_TakesItsStateDictAlone()
    {
        var state = Pickled.Dictionary(("w", _square));

        using var file = Open(Pickled.Dictionary(
            ("state_dict", state), ("other", _square), ("callbacks", Pickled.Call("pytorch_lightning.callbacks", "ModelCheckpoint"))));

        Assert.Equal(["w"], file.Tensors.Keys);
        Assert.Empty(file.NotTensors);
    }

    [Fact]
    public void Open_WhatAnUnknownFunctionMakes_IsNoTensorAndSaysWhose()
    {
        using var file = Open(Pickled.Dictionary(("w", _square), ("x", Pickled.Call("some.module", "make", _square))));

        Assert.Equal(["w"], file.Tensors.Keys);
        Assert.Equal(["x"], file.NotTensors);
        Assert.Contains("some.module.make", file.Instead("x"), StringComparison.Ordinal);
        var error = Assert.Throws<FileFormatException>(() => file.Read("x"));
        Assert.Contains("'some.module.make', which is not run", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ATensorOfAnUnknownStorage_IsNoTensor()
    {
        using var file = Open(Pickled.Dictionary(("x", Pickled.Tensor(Pickled.Storage("ComplexFloatStorage", "0", 2), 0, [2], [1]))));

        Assert.Contains("torch.ComplexFloatStorage", file.Instead("x"), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ATensorWithFlags_IsNoTensor()
    {
        var flags = Pickled.Dictionary(("neg", [0x88]));
        var tensor = Pickled.Call(
            "torch._utils",
            "_rebuild_tensor_v2",
            _floats,
            Pickled.Whole(0),
            Pickled.Numbers(4),
            Pickled.Numbers(1),
            [0x89],
            Pickled.Empty,
            flags);

        using var file = Open(Pickled.Dictionary(("x", tensor)));

        Assert.Empty(file.Tensors);
    }

    /// <summary>What runs code when Python loads it: refused by name wherever it stands, and nothing happens.</summary>
    [Theory]
    [InlineData("os", "system")]
    [InlineData("posix", "system")]
    [InlineData("nt", "system")]
    [InlineData("subprocess", "Popen")]
    [InlineData("builtins", "eval")]
    [InlineData("builtins", "getattr")]
    [InlineData("__builtin__", "exec")]
    [InlineData("importlib._bootstrap", "_gcd_import")]
    [InlineData("runpy", "_run_code")]
    public void Open_WhatRunsCode_IsRefusedByNameAndNotRun(string module, string name)
    {
        var witness = _folder["witness"];
        var attack = Pickled.Call(module, name, Pickled.Text($"touch {witness}"));

        foreach (var value in new[] { attack, Pickled.Dictionary(("state_dict", Pickled.Dictionary(("w", _square))), ("x", attack)) })
        {
            var error = Assert.Throws<FileFormatException>(() => Open(value));

            Assert.Contains($"'{module}.{name}'", error.Message, StringComparison.Ordinal);
            Assert.Contains("Nothing of it was run", error.Message, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(witness));
    }

    [Fact]
    public void Open_ANameThatIsPutTogetherOnTheStack_IsRefusedToo()
    {
        byte[] value = [.. Pickled.Text("os"), .. Pickled.Text("system"), 0x93, .. Pickled.Tuple(Pickled.Text("true")), (byte)'R'];

        var error = Assert.Throws<FileFormatException>(() => Open(value));

        Assert.Contains("'os.system'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AWholeThatAnUnknownFunctionMakes_IsRefusedByName()
    {
        var error = Assert.Throws<FileFormatException>(() => Open(Pickled.Call("some.module", "make")));

        Assert.Contains("'some.module.make', which is not run", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ADictionaryInItself_EndsAndHasNoTensor()
    {
        // {} kept as 0; its entry 'state_dict' is itself.
        byte[] cycle = [(byte)'}', (byte)'q', 0, .. Pickled.Text("state_dict"), (byte)'h', 0, (byte)'s'];

        using var file = Open(cycle);

        Assert.Empty(file.Tensors);
        Assert.Equal("a dictionary", file.Instead("state_dict"));
    }

    public static TheoryData<string, byte[], string> Broken() => new()
    {
        { "view beyond the end", Pickled.Tensor(_floats, 1, [2, 2], [2, 1]), "does not lie within its 4 numbers" },
        { "strides beyond the end", Pickled.Tensor(_floats, 0, [2], [4]), "does not lie within its 4 numbers" },
        { "one number many times", Pickled.Tensor(_floats, 0, [1_000_000], [0]), "does not lie within its 4 numbers" },
        { "sizes that overflow", Pickled.Tensor(
            _floats, 0, [long.MaxValue, long.MaxValue, 4], [long.MaxValue, long.MaxValue, 1]), "does not lie within" },
        { "a size below 0", Pickled.Tensor(_floats, 0, [-1], [1]), "whole numbers from 0" },
        { "a start below 0", Pickled.Tensor(_floats, -1, [1], [1]), "does not lie within" },
        { "fewer strides", Pickled.Tensor(_floats, 0, [2, 2], [2]), "does not lie within" },
        { "100 dimensions", Pickled.Tensor(
            _floats, 0, [.. Enumerable.Repeat(1L, 100)], [.. Enumerable.Repeat(1L, 100)]), "whole numbers from 0" },
        { "too many numbers", Pickled.Storage("FloatStorage", "0", 5), "'0' should hold 5 numbers of 4 bytes, and has 16 bytes" },
        { "numbers that overflow", Pickled.Storage(
            "FloatStorage", "0", 4_611_686_018_427_387_908), "should hold 4611686018427387908 numbers" },
        { "no such file", Pickled.Storage("FloatStorage", "../../etc/passwd", 4), "is not there" },
        { "no storage", [.. Pickled.Text("x"), (byte)'Q'], "no storage of torch" },
        { "a tensor of texts", Pickled.Call("torch._utils", "_rebuild_tensor_v2", Pickled.Text("x")), "a tensor's parts" },
        { "a text of 4 GB", [(byte)'X', 255, 255, 255, 255], "4294967295 bytes is said to follow" },
        { "bytes of 2⁶⁴", [0x8E, 255, 255, 255, 255, 255, 255, 255, 255], "18446744073709551615 bytes" },
        { "a number of 4 GB", [0x8B, 255, 255, 255, 255], "is said to follow" },
        { "text that is not UTF-8", [(byte)'X', .. Pickled.Number(1), 0xFF], "not in UTF-8" },
        { "what was not kept", [(byte)'h', 9], "that it did not keep" },
        { "a pop too many", "0"u8.ToArray(), "a value is missing" },
        { "a bracket too many", "t"u8.ToArray(), "was not opened" },
        { "a pop below a bracket", "N(R"u8.ToArray(), "a value is missing" },
        { "an open bracket", "}("u8.ToArray(), "does not end with one value" },
        { "two values", "}}"u8.ToArray(), "does not end with one value" },
        { "entries of no dictionary", [(byte)'N', .. Pickled.Text("k"), (byte)'N', (byte)'s'], "no dictionary" },
        { "a key without a value", [(byte)'}', (byte)'(', .. Pickled.Text("k"), (byte)'u'], "no value" },
        { "a call of a text", [.. Pickled.Text("x"), (byte)')', (byte)'R'], "no function" },
        { "a call without brackets", [.. Pickled.Global("a", "b"), (byte)'N', (byte)'R'], "without arguments" },
        { "a state for a tensor", [.. _square, (byte)'}', (byte)'b'], "a state is given" },
        { "an extension", [0x82, 1], "0x82 is not supported" },
        { "a protocol of the future", [0x80, 6], "its protocol is 6" },
        { "a name without an end", "cos"u8.ToArray(), "a line has no end" },
        { "a long key", Pickled.Dictionary((new string('k', 2_000), _square)), "2000 letters" },
        { "no dictionary", "N"u8.ToArray(), "no dictionary of tensors" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void Open_WhatCannotBe_IsRefusedByAFormatError(string what, byte[] value, string named)
    {
        Assert.NotEmpty(what);

        var error = Assert.Throws<FileFormatException>(() => Open(value));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    // Made here and not in the data above: what a test is given is written into its name before any test runs.
    [Theory]
    [InlineData("(", 20_000, "brackets are open")]
    [InlineData("}", 2_000_000, "values wait")]
    [InlineData("}0", 5_000_000, "makes more than")]
    public void Open_TooManyOfOne_IsRefused(string one, int times, string named)
    {
        var value = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(one, times)));

        var error = Assert.Throws<FileFormatException>(() => Open(value));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ACheckpointCutShortAnywhere_IsRefused()
    {
        var whole = Pickled.Archive(Pickled.Dictionary(("w", _square)));

        for (var length = 0; length < whole.Length; length += 7)
        {
            var path = _folder.Write("cut.ckpt", whole[..length]);

            Assert.Throws<FileFormatException>(() => PickleFile.Open(path));
        }
    }

    /// <summary>Whatever the bytes are, the outcome is a file or an error of its format.</summary>
    [Fact]
    public void Open_ACheckpointWithAByteChangedAnywhere_EndsWithAFormatErrorOrAFile()
    {
        var whole = Pickled.Archive(Pickled.Dictionary(("w", _square)));
        var refused = 0;
        for (var at = 0; at < whole.Length; at++)
        {
            foreach (byte value in new byte[] { 0x00, 0xFF, (byte)(whole[at] ^ 0x01) })
            {
                var path = _folder.Write("changed.ckpt", [.. whole[..at], value, .. whole[(at + 1)..]]);
                try
                {
                    using var file = PickleFile.Open(path);
                    foreach (var name in file.Tensors.Keys)
                    {
                        file.Read(name).Dispose();
                    }
                }
                catch (FileFormatException)
                {
                    refused++;
                }
            }
        }

        Assert.InRange(refused, whole.Length / 2, whole.Length * 3);
    }

    [Fact]
    public void Open_ACompressedArchive_IsRefused()
    {
        var path = _folder.Write("x.ckpt", Pickled.Zip(CompressionLevel.Optimal, ("a/data.pkl", new byte[1_000])));

        var error = Assert.Throws<FileFormatException>(() => PickleFile.Open(path));

        Assert.Contains("compressed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AnArchiveOfSomethingElse_IsRefused()
    {
        var path = _folder.Write("x.ckpt", Pickled.Zip(CompressionLevel.NoCompression, ("readme.txt", "x"u8.ToArray())));

        var error = Assert.Throws<FileFormatException>(() => PickleFile.Open(path));

        Assert.Contains("there are 0 files", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NumbersOfTheOtherByteOrder_AreRefused()
    {
        var path = _folder.Write("x.ckpt", Pickled.Archive(Pickled.Dictionary(("w", _square)), ("a/byteorder", "big"u8.ToArray())));

        var error = Assert.Throws<FileFormatException>(() => PickleFile.Open(path));

        Assert.Contains("byte order 'big'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AView_LeavesNoOtherTensorAlive()
    {
        using var file = Open(Pickled.Dictionary(("w", Pickled.Tensor(_floats, 0, [2, 2], [1, 2]))));

        var growth = LiveTensors.Growth(() => file.Read("w").Dispose());

        Assert.Equal(0, growth);
    }

    private ITensorFile Open(byte[] value) => TensorFiles.Open(_folder.Write("x.ckpt", Pickled.Archive(value)));
}
