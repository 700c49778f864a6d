using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Tensors.Safetensors;

public sealed class CheckpointReaderTests : IDisposable
{
    private const string First = "one.safetensors";
    private const string Second = "two.safetensors";

    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Open_SingleFile_ReadsIt()
    {
        SafetensorsWriter.Write(_folder["model.safetensors"], [new("a", tensor(3f))]);

        using var reader = CheckpointReader.Open(_folder.Path);

        Assert.Equal(3, reader.Read("a").item<float>());
        Assert.Equal("pt", reader.Metadata["format"]);
    }

    [Fact]
    public void Open_Shards_ReadsEachTensorFromItsShard()
    {
        WriteShards("""{"metadata":{"total_size":8},"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}""");

        using var reader = CheckpointReader.Open(_folder.Path);

        Assert.Equal(1, reader.Read("a").item<float>());
        Assert.Equal(2, reader.Read("b").item<float>());
        Assert.Equal(["a", "b"], reader.Entries.Keys.Order());
        Assert.Equal(["a", "b"], CheckpointReader.ReadHeader(_folder.Path).Entries.Keys.Order());
        Assert.Equal("pt", reader.Metadata["format"]);
    }

    [Fact]
    public void Read_UnknownName_NamesTheNearest()
    {
        SafetensorsWriter.Write(_folder["model.safetensors"], [new("norm.weight", tensor(3f))]);
        using var reader = CheckpointReader.Open(_folder.Path);

        var error = Assert.Throws<FileFormatException>(() => reader.Read("norm.weigth"));

        Assert.Contains("Did you mean 'norm.weight'?", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../secret.safetensors")]
    [InlineData("/etc/secret.safetensors")]
    [InlineData("sub/secret.safetensors")]
    [InlineData("..\\\\secret.safetensors")]
    [InlineData("C:secret.safetensors")]
    [InlineData("model.bin")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("a\\u0000.safetensors")]
    public void Open_IndexNamesAFileElsewhere_IsRefused(string shard)
    {
        WriteShards("""{"weight_map":{"a":"SHARD"}}""".Replace("SHARD", shard, StringComparison.Ordinal));

        Assert.Contains("expected a plain name that ends with .safetensors", Message(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "needs an object 'weight_map'")]
    [InlineData("{}", "needs an object 'weight_map'")]
    [InlineData("""{"weight_map":{}}""", "none or an empty one")]
    [InlineData("""{"weight_map":["a"]}""", "needs an object 'weight_map'")]
    [InlineData("""{"weight_map":{"a":1}}""", "maps tensor 'a' to Number; expected a file name")]
    [InlineData("""{"weight_map":{"a":"x.safetensors","a":"x.safetensors"}}""", "not valid JSON")]
    [InlineData("""{"weight_map":{"a":"gone.safetensors"}}""", "Shard 'gone.safetensors' is missing in folder")]
    [InlineData("""{"weight_map":{"a":"one.safetensors","b":"two.safetensors","c":"one.safetensors"}}""", $"tensor 'c' is in '{First}', but that file does not have it")]
    [InlineData("""{"weight_map":{"a":"one.safetensors","b":"one.safetensors"}}""", $"tensor 'b' is in '{First}', but that file does not have it")]
    [InlineData("""{"weight_map":{"a":"two.safetensors","b":"two.safetensors"}}""", $"tensor 'a' is in '{Second}', but that file does not have it")]
    [InlineData("""{"weight_map":{"a":"two.safetensors","b":"one.safetensors"}}""", $"Tensor 'a' is in shard '{First}', but")]
    [InlineData("""{"weight_map":{"b":"two.safetensors","x":"one.safetensors"}}""", $"Shard '{First}' has tensor 'a', which")]
    public void Open_IndexBroken_SaysWhy(string index, string message)
    {
        WriteShards(index);

        Assert.Contains(message, Message(), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_TensorInTwoShards_IsRefused()
    {
        WriteShards("""{"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}""");
        SafetensorsWriter.Write(_folder[Second], [new("a", tensor(1f)), new("b", tensor(2f))]);

        Assert.Contains($"Tensor 'a' is in shard '{Second}', but", Message(), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_EmptyFolder_SaysWhichNamesWereExpected()
    {
        var message = Message();

        Assert.Contains(_folder.Path, message, StringComparison.Ordinal);
        Assert.Contains("neither model.safetensors nor model.safetensors.index.json", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OnlyAPickle_SaysWhyItIsNotRead()
    {
        _folder.Write("pytorch_model.bin", "anything");

        Assert.Contains("pytorch_model.bin' is a pickle, and pickle files can run code", Message(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nowhere", "does not exist")]
    [InlineData("file", "is a file; give the folder")]
    public void Open_NoFolder_SaysSo(string name, string message)
    {
        _folder.Write("file", "");

        var error = Assert.Throws<FileFormatException>(() => CheckpointReader.Open(_folder[name]));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private string Message()
    {
        var message = Assert.Throws<FileFormatException>(() => CheckpointReader.Open(_folder.Path)).Message;
        Assert.Equal(message, Assert.Throws<FileFormatException>(() => CheckpointReader.ReadHeader(_folder.Path)).Message);
        return message;
    }

    private void WriteShards(string index)
    {
        SafetensorsWriter.Write(_folder[First], [new("a", tensor(1f))]);
        SafetensorsWriter.Write(_folder[Second], [new("b", tensor(2f))]);
        _folder.Write("model.safetensors.index.json", index);
    }
}
