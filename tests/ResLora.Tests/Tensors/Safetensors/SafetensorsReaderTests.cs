using System.Buffers.Binary;
using System.Text;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Tensors.Safetensors;

public sealed class SafetensorsReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_NoTensorsAndNoData_HasNoEntries()
    {
        using var reader = SafetensorsReader.Open(_folder.Write("a.safetensors", RawSafetensors.Of("{}", 0)));

        Assert.Empty(reader.Entries);
        Assert.Empty(reader.Metadata);
    }

    [Fact]
    public void Open_Valid_GivesEntriesWithOffsetsFromTheStartOfTheFile()
    {
        const string header = """{"__metadata__":{"format":"pt"},"w":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]},"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}""";

        using var reader = SafetensorsReader.Open(_folder.Write("a.safetensors", RawSafetensors.Of(header, 16)));

        var entry = reader.Entries["w"];
        Assert.Equal((ScalarType.BFloat16, 8 + header.Length + 4, 12), (entry.DataType, entry.Offset, entry.Length));
        Assert.Equal([2, 3], entry.Shape);
        Assert.Empty(reader.Entries["s"].Shape);
        Assert.Equal("pt", reader.Metadata["format"]);
    }

    [Fact]
    public void ReadHeader_SameFile_GivesWhatOpenGives()
    {
        var path = WriteFloats("w", 0, 1, 2);
        using var reader = SafetensorsReader.Open(path);

        var header = SafetensorsReader.ReadHeader(path);

        Assert.Equal(reader.Entries["w"].Offset, header.Entries["w"].Offset);
        Assert.Equal(reader.Metadata, header.Metadata);
    }

    [Fact]
    public void Read_WriteIntoTheTensor_NeverReachesTheFile()
    {
        var path = WriteFloats("w", 1, 2, 3);
        var before = File.ReadAllBytes(path);
        using var reader = SafetensorsReader.Open(path);

        using (var tensor = reader.Read("w"))
        {
            tensor.fill_(7);
        }

        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public void Read_AlignedTensorTwice_SharesTheMappedPages()
    {
        using var reader = SafetensorsReader.Open(WriteFloats("w", 1, 2, 3));
        using var first = reader.Read("w");
        using var second = reader.Read("w");

        first.fill_(7);

        Assert.Equal([7, 7, 7], second.data<float>().ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Read_DataAtAnyAlignment_GivesTheValues(int blanks)
    {
        var header = """{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";
        header += new string(' ', 4 - header.Length % 4 + blanks);
        var data = new byte[8];
        BinaryPrimitives.WriteSingleLittleEndian(data, 1.5f);
        BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(4), -2f);
        var path = _folder.Write("a.safetensors", RawSafetensors.Of(Encoding.UTF8.GetBytes(header), data));
        using var reader = SafetensorsReader.Open(path);

        using var tensor = reader.Read("w");

        Assert.Equal([1.5f, -2f], tensor.data<float>().ToArray());
    }

    [Fact]
    public void Read_BoolBytesOtherThanZeroAndOne_AreTrue()
    {
        var header = Encoding.UTF8.GetBytes("""{"m":{"dtype":"BOOL","shape":[4],"data_offsets":[0,4]}}""");
        using var reader = SafetensorsReader.Open(_folder.Write("a.safetensors", RawSafetensors.Of(header, [0, 1, 2, 255])));

        using var tensor = reader.Read("m");

        Assert.Equal([false, true, true, true], tensor.data<bool>().ToArray());
        Assert.Equal(3, tensor.sum().item<long>());
    }

    [Fact]
    public void Read_AfterTheReaderIsDisposed_EarlierTensorsStayValid()
    {
        Tensor tensor;
        using (var reader = SafetensorsReader.Open(WriteFloats("w", 1, 2, 3)))
        {
            tensor = reader.Read("w");
        }

        GC.Collect();

        Assert.Equal([1, 2, 3], tensor.data<float>().ToArray());
        tensor.Dispose();
    }

    [Fact]
    public void Read_ReaderOpenedInAScopeThatEnded_StillReads()
    {
        SafetensorsReader reader;
        using (NewDisposeScope())
        {
            reader = SafetensorsReader.Open(WriteFloats("w", 4));
        }

        using var tensor = reader.Read("w");

        Assert.Equal(4, tensor.item<float>());
        reader.Dispose();
    }

    [Fact]
    public void Read_FileReplacedSinceItWasOpened_GivesTheOldContent()
    {
        var path = WriteFloats("w", 1, 2);
        using var reader = SafetensorsReader.Open(path);

        WriteFloats("w", 8, 9);
        using var tensor = reader.Read("w");

        Assert.Equal([1, 2], tensor.data<float>().ToArray());
    }

    [Fact]
    public void Read_ManyTensorsInAScope_LeavesNoneBehind()
    {
        using var reader = SafetensorsReader.Open(WriteFloats("w", 1, 2));
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        for (var i = 0; i < 50; i++)
        {
            using var tensor = reader.Read("w");
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Read_UnknownName_NamesTheNearest()
    {
        using var reader = SafetensorsReader.Open(WriteFloats("layer.weight", 1));

        var error = Assert.Throws<FileFormatException>(() => reader.Read("layer.wieght"));

        Assert.Contains("Did you mean 'layer.weight'?", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Disposed_Throws()
    {
        var reader = SafetensorsReader.Open(WriteFloats("w", 1));
        reader.Dispose();

        Assert.Throws<ObjectDisposedException>(() => reader.Read("w"));
    }

    [Theory]
    [InlineData("pytorch_model.bin")]
    [InlineData("adapter.pt")]
    [InlineData("sd.CKPT")]
    public void Open_Pickle_IsRefusedUnread(string name)
    {
        var path = _folder.Write(name, RawSafetensors.Of("{}", 0));

        Assert.Contains(
            "pickle files can run code",
            Assert.Throws<FileFormatException>(() => SafetensorsReader.Open(path)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "pickle files can run code",
            Assert.Throws<FileFormatException>(() => SafetensorsReader.ReadHeader(path)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Open_MissingFile_SaysSo()
    {
        var error = Assert.Throws<FileFormatException>(() => SafetensorsReader.Open(_folder["none.safetensors"]));

        Assert.Contains("does not exist", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_Folder_SaysSo()
    {
        var error = Assert.Throws<FileFormatException>(() => SafetensorsReader.Open(_folder.Path));

        Assert.Contains("is a folder", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_HugeSparseFile_CostsNeitherHeapNorResidentMemory()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc/self/statm");
        const long elements = 3L * 1024 * 1024 * 1024 / 4;
        const long bound = 64L * 1024 * 1024;
        var header = Encoding.UTF8.GetBytes($$$"""{"big":{"dtype":"F32","shape":[{{{elements}}}],"data_offsets":[0,{{{elements * 4}}}]}}""");
        var raw = RawSafetensors.Of([.. header, .. Enumerable.Repeat((byte)' ', 8 - header.Length % 8)], []);
        var path = _folder.Write("big.safetensors", raw);
        using (var file = File.OpenWrite(path))
        {
            file.SetLength(raw.Length + elements * 4);
        }

        using (SafetensorsReader.Open(WriteFloats("warm up", 1)).Read("warm up"))
        {
        }

        var managed = GC.GetTotalMemory(forceFullCollection: true);
        var resident = ResidentBytes();
        using var reader = SafetensorsReader.Open(path);
        using var tensor = reader.Read("big");

        Assert.Equal(0f, tensor[elements - 1].item<float>());
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - managed, long.MinValue, bound);
        Assert.InRange(ResidentBytes() - resident, long.MinValue, bound);
    }

    private static long ResidentBytes() =>
        long.Parse(
            File.ReadAllText("/proc/self/statm").Split(' ')[1],
            System.Globalization.CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    private string WriteFloats(string name, params float[] values)
    {
        using var tensor = torch.tensor(values);
        SafetensorsWriter.Write(_folder["floats.safetensors"], [new(name, tensor)]);
        return _folder["floats.safetensors"];
    }
}
