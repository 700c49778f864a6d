using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Tensors.Gguf;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Tensors.Gguf;

public sealed class GgufSplitTests : IDisposable
{
    private const uint UInt16 = 2;
    private const uint Int32 = 5;
    private const uint F32 = 0;

    private static readonly string[] _names = ["a", "b", "c"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_FirstOfThree_HasTheTensorsOfAll()
    {
        var first = WriteThree();

        using var file = GgufFile.Open(first);
        using var inSecond = file.Read("b");
        using var inThird = file.Read("c");

        Assert.Equal(3, file.Files.Count);
        Assert.Equal(_names, file.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(2f, inSecond[0].item<float>());
        Assert.Equal(3f, inThird[0].item<float>());
    }

    [Fact]
    public void Open_FirstWithoutTensors_HasTheTensorsOfTheOthers()
    {
        var first = _folder.Write("m-00001-of-00002.gguf", Part(0, 2, 1).Build());
        _folder.Write("m-00002-of-00002.gguf", Part(1, 2, 1).Tensor("t", [1], F32, 0).Build());

        using var file = GgufFile.Open(first);

        Assert.Equal("t", Assert.Single(file.Entries).Key);
    }

    [Fact]
    public void Open_AnotherThanTheFirst_NamesTheFirst()
    {
        var first = WriteThree();

        var error = Assert.Throws<FileFormatException>(
            () => GgufFile.Open(first.Replace("00001-of", "00002-of", StringComparison.Ordinal)));

        Assert.Contains(first, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_PartMissing_NamesIt()
    {
        var first = WriteThree();
        File.Delete(_folder["m-00003-of-00003.gguf"]);

        var error = Assert.Throws<FileFormatException>(() => GgufFile.Open(first));

        Assert.Contains("m-00003-of-00003.gguf' is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_PartWithTheNumberOfAnother_IsRefusedByFileAndKey()
    {
        var first = WriteThree();
        _folder.Write("m-00002-of-00003.gguf", Part(0, 3, 3).Tensor("b", [1], F32, 0).Build());

        var error = Assert.Throws<FileFormatException>(() => GgufFile.Open(first));

        Assert.Contains("m-00002-of-00003.gguf", error.Message, StringComparison.Ordinal);
        Assert.Contains("split.no", error.Message, StringComparison.Ordinal);
        Assert.Contains(first, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_PartOfAnotherModel_IsRefused()
    {
        var first = WriteThree();
        _folder.Write("m-00002-of-00003.gguf", Part(1, 4, 3).Tensor("b", [1], F32, 0).Build());

        Assert.Contains("split.count", Assert.Throws<FileFormatException>(() => GgufFile.Open(first)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_TensorInTwoParts_IsRefused()
    {
        var first = WriteThree();
        _folder.Write("m-00003-of-00003.gguf", Part(2, 3, 3).Tensor("a", [1], F32, 0).Build());

        Assert.Contains("'a' is in", Assert.Throws<FileFormatException>(() => GgufFile.Open(first)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OtherNumberOfTensors_IsRefused()
    {
        var first = WriteThree();
        _folder.Write("m-00003-of-00003.gguf", Part(2, 3, 3).Build());

        Assert.Contains(
            "split.tensors.count", Assert.Throws<FileFormatException>(() => GgufFile.Open(first)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_PartUnderAnotherName_SaysWhichNameItNeeds()
    {
        var path = _folder.Write("renamed.gguf", Part(0, 2, 0).Build());

        Assert.Contains(
            "-00001-of-00002.gguf", Assert.Throws<FileFormatException>(() => GgufFile.Open(path)).Message, StringComparison.Ordinal);
    }

    private string WriteThree()
    {
        foreach (var (number, name) in _names.Index())
        {
            var bytes = Part(number, 3, 3).Tensor(name, [1], F32, 0).Build();
            BitConverter.GetBytes(number + 1f).CopyTo(bytes, bytes.Length - 64);
            _folder.Write($"m-0000{number + 1}-of-00003.gguf", bytes);
        }

        return _folder["m-00001-of-00003.gguf"];
    }

    private static RawGguf Part(int number, int count, int tensors) => new RawGguf()
        .Key("split.no", UInt16, BitConverter.GetBytes((ushort)number))
        .Key("split.count", UInt16, BitConverter.GetBytes((ushort)count))
        .Key("split.tensors.count", Int32, BitConverter.GetBytes(tensors));
}
