using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Tensors.Gguf;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Tensors.Gguf;

public sealed class GgufTensorReaderTests : IDisposable
{
    private const uint UInt32 = 4;
    private const uint Flag = 7;
    private const uint Text = 8;
    private const uint List = 9;
    private const uint F32 = 0;
    private const uint Q8 = 8;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_AFileOfTheFormatsOwnExample_ReadsKeysAndTensors()
    {
        var raw = new RawGguf { DataLength = 64 }
            .Key("name", Text, RawGguf.Text("größe"))
            .Key("list", List, [.. RawGguf.U32(UInt32), .. RawGguf.U64(2), .. RawGguf.U32(7), .. RawGguf.U32(9)])
            .Tensor("t", [3, 2], F32, 32);
        var bytes = raw.Build();
        BitConverter.GetBytes(2.5f).CopyTo(bytes, bytes.Length - 32 + 3 * sizeof(float));

        using var reader = GgufFile.Open(_folder.Write("a.gguf", bytes));
        using var tensor = reader.Read("t");

        Assert.Equal("größe", reader.Require<string>("name"));
        Assert.Equal([7u, 9u], reader.Require<uint[]>("list"));
        Assert.Equal([2, 3], tensor.shape);
        Assert.Equal([0, 0, 0, 2.5f, 0, 0], tensor.data<float>().ToArray());
    }

    [Fact]
    public void Open_OtherAlignment_FindsTheData()
    {
        var bytes = new RawGguf().Key("general.alignment", UInt32, RawGguf.U32(64)).Tensor("t", [1], F32, 0).Build(alignment: 64);
        BitConverter.GetBytes(4f).CopyTo(bytes, bytes.Length - 64);

        using var reader = GgufFile.Open(_folder.Write("a.gguf", bytes));
        using var tensor = reader.Read("t");

        Assert.Equal(4f, tensor.item<float>());
    }

    public static TheoryData<string, Func<byte[]>> BrokenFiles => new()
    {
        { "does not begin with the letters GGUF", () => new RawGguf { Magic = "GGML"u8.ToArray() }.Build() },
        { "version 1", () => new RawGguf { Version = 1 }.Build() },
        { "big-endian", () => new RawGguf { Version = 3u << 24 }.Build() },
        { "ends within", () => [.. new RawGguf().Build().Take(15)] },
        { "number of tensors is 18446744073709551615", () => new RawGguf { TensorCount = ulong.MaxValue }.Build() },
        { "number of keys is 1000", () => new RawGguf { KeyCount = 1000 }.Build() },
        { "the key 'a' stands twice", () => new RawGguf().Key("a", Flag, 1).Key("a", Flag, 0).Build() },
        { "a key is empty", () => new RawGguf().Key("", Flag, 1).Build() },
        { "yes or no and holds 2", () => new RawGguf().Key("a", Flag, 2).Build() },
        { "type 13, which does not exist", () => new RawGguf().Key("a", 13).Build() },
        { "list of lists", () => new RawGguf().Key("a", List, [.. RawGguf.U32(List), .. RawGguf.U64(0)]).Build() },
        { "list of type 99", () => new RawGguf().Key("a", List, [.. RawGguf.U32(99), .. RawGguf.U64(0)]).Build() },
        { "number of items of 'a' is 1099511627776", () => new RawGguf().Key(
            "a", List, [.. RawGguf.U32(Text), .. RawGguf.U64(1UL << 40)]).Build() },
        { "is said to take 9223372036854775808 bytes", () => new RawGguf().Key("a", Text, RawGguf.U64(1UL << 63)).Build() },
        { "not valid UTF-8", () => new RawGguf().Key("a", Text, [.. RawGguf.U64(1), 0xFF]).Build() },
        { "power of two", () => new RawGguf().Key("general.alignment", UInt32, RawGguf.U32(24)).Build() },
        { "power of two", () => new RawGguf().Key("general.alignment", UInt32, RawGguf.U32(0)).Build() },
        { "a tensor has no name", () => new RawGguf().Tensor("", [1], F32, 0).Build() },
        { "is said to take 65 bytes", () => new RawGguf().Tensor(new string('n', 65), [1], F32, 0).Build() },
        { "has 0 dimensions", () => new RawGguf().Tensor("t", [], F32, 0).Build() },
        { "has 5 dimensions", () => new RawGguf().Tensor("t", [1, 1, 1, 1, 1], F32, 0).Build() },
        { "has a size of 0", () => new RawGguf().Tensor("t", [0], F32, 0).Build() },
        { "has a size of 9223372036854775808", () => new RawGguf().Tensor("t", [1UL << 63], F32, 0).Build() },
        { "more numbers than can be counted", () => new RawGguf().Tensor("t", [1UL << 40, 1UL << 40], F32, 0).Build() },
        { "more numbers than can be counted", () => new RawGguf().Tensor("t", [1UL << 62], F32, 0).Build() },
        { "element type 99, which does not exist", () => new RawGguf().Tensor("t", [256], 99, 0).Build() },
        { "rows of 33 numbers", () => new RawGguf().Tensor("t", [33], Q8, 0).Build() },
        { "no multiple of the alignment", () => new RawGguf().Tensor("t", [1], F32, 4).Build() },
        { "needs 68 bytes at 0", () => new RawGguf().Tensor("t", [17], F32, 0).Build() },
        { "needs 4 bytes at 64", () => new RawGguf().Tensor("t", [1], F32, 64).Build() },
        { "needs 4 bytes at 18446744073709551584", () => new RawGguf().Tensor("t", [1], F32, ulong.MaxValue - 31).Build() },
        { "'t' stands twice", () => new RawGguf().Tensor("t", [1], F32, 0).Tensor("t", [1], F32, 32).Build() },
        { "overlap", () => new RawGguf().Tensor("t", [9], F32, 0).Tensor("u", [1], F32, 32).Build() },
    };

    [Theory]
    [MemberData(nameof(BrokenFiles))]
    public void Open_BrokenFile_SaysWhatIsWrong(string expected, Func<byte[]> build)
    {
        ArgumentNullException.ThrowIfNull(build);
        var path = _folder.Write("broken.gguf", build());

        var error = Assert.Throws<FileFormatException>(() => GgufFile.Open(path));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_MissingOrOfAnotherType_SaysSo()
    {
        using var reader = GgufFile.Open(_folder.Write("a.gguf", new RawGguf().Key("size", UInt32, RawGguf.U32(1)).Build()));

        var missing = Assert.Throws<FileFormatException>(() => reader.Require<uint>("sise"));
        var other = Assert.Throws<FileFormatException>(() => reader.Require<float>("size"));

        Assert.Contains("size", missing.Message, StringComparison.Ordinal);
        Assert.Contains("UInt32", other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ListOfYesAndNo_KeepsThem()
    {
        using var reader = GgufFile.Open(
            _folder.Write("a.gguf", new RawGguf().Key("list", List, [.. RawGguf.U32(Flag), .. RawGguf.U64(2), 1, 0]).Build()));

        Assert.Equal([true, false], reader.Require<bool[]>("list"));
    }

    [Fact]
    public void Read_TypeThatIsListedOnly_IsRefusedByItsName()
    {
        const uint iq1 = 19;
        using var reader = GgufFile.Open(_folder.Write("a.gguf", new RawGguf().Tensor("t", [256], iq1, 0).Build()));

        var error = Assert.Throws<ConfigException>(() => reader.Read("t"));

        Assert.Equal(("IQ1_S", 50), (reader.Entries["t"].TypeName, reader.Entries["t"].Length));
        Assert.Contains("'t' are IQ1_S", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ScaleThatIsNoNumber_IsRefusedByTensorAndBlock()
    {
        var bytes = new RawGguf { DataLength = 2 * 34 }.Tensor("t", [64], Q8, 0).Build();
        BitConverter.GetBytes(Half.NaN).CopyTo(bytes, bytes.Length - 34);
        using var reader = GgufFile.Open(_folder.Write("a.gguf", bytes));

        var growth = LiveTensors.Growth(() =>
            Assert.Contains(
                "'t' is no finite number (its block 1)",
                Assert.Throws<FileFormatException>(() => reader.Read("t")).Message,
                StringComparison.Ordinal));

        Assert.Equal(0, growth);
    }

    [Fact]
    public void Read_TensorOfManyPieces_GivesEveryBlockItsPlaceAndNamesTheFirstBroken()
    {
        const int blocks = 40_000;   // of 34 bytes: six pieces, which are read side by side
        var bytes = new RawGguf { DataLength = blocks * 34 }.Tensor("t", [32 * blocks], Q8, 0).Build();
        var data = bytes.AsSpan(bytes.Length - (blocks * 34));
        for (var block = 0; block < blocks; block++)
        {
            BitConverter.TryWriteBytes(data[(block * 34)..], (Half)(block % 1000));
            data[(block * 34) + 2] = 2;
        }

        using (var reader = GgufFile.Open(_folder.Write("whole.gguf", bytes)))
        using (var tensor = reader.Read("t"))
        {
            var firsts = tensor.data<float>().ToArray().Where((_, index) => index % 32 == 0);
            Assert.Equal(Enumerable.Range(0, blocks).Select(block => 2f * (block % 1000)), firsts);
        }

        BitConverter.TryWriteBytes(data[(15_000 * 34)..], Half.NaN);
        BitConverter.TryWriteBytes(data[(39_999 * 34)..], Half.NaN);
        using var broken = GgufFile.Open(_folder.Write("broken.gguf", bytes));
        Assert.Contains("(its block 15000)", Assert.Throws<FileFormatException>(() => broken.Read("t")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FileCutShortSinceItWasOpened_IsRefusedAndLeaksNothing()
    {
        var path = _folder.Write("a.gguf", new RawGguf().Tensor("t", [16], F32, 0).Build());
        using var reader = GgufFile.Open(path);
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            file.SetLength(file.Length - 4);
        }

        var growth = LiveTensors.Growth(() => Assert.Throws<FileFormatException>(() => reader.Read("t")));

        Assert.Equal(0, growth);
    }
}
