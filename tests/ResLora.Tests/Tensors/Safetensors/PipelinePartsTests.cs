using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Tensors.Safetensors;

public sealed class PipelinePartsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public PipelinePartsTests()
    {
        _folder.Write(PipelineParts.IndexName, "{}");
        Write("text_encoder", "model.safetensors", ("a.weight", 1), ("same", 2));
        Write("unet", "diffusion_pytorch_model.safetensors", ("conv_in.weight", 3), ("same", 4));
        Write("vae", "diffusion_pytorch_model.safetensors", ("encoder.weight", 5));
    }

    [Fact]
    public void Open_APipeline_HasTheTensorsOfItsTrainedPartsUnderTheirNames()
    {
        using var scope = NewDisposeScope();
        using var reader = CheckpointReader.Open(_folder.Path);

        Assert.Equal(
            ["text_encoder.a.weight", "text_encoder.same", "unet.conv_in.weight", "unet.same"],
            reader.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([1f, 2f, 3f, 4f], reader.Entries.Keys.Order(StringComparer.Ordinal).Select(name => reader.Read(name).item<float>()));
        Assert.All(reader.Entries, entry => Assert.Equal(entry.Key, entry.Value.Name));
        Assert.Equal(reader.Entries.Keys.Order(), CheckpointReader.ReadHeader(_folder.Path).Entries.Keys.Order());
        Assert.True(CheckpointReader.Exists(_folder.Path));
    }

    [Fact]
    public void Open_ShardsOfAPart_AreJoined()
    {
        File.Delete(_folder["unet/diffusion_pytorch_model.safetensors"]);
        Write("unet", "one.safetensors", ("a", 6));
        Write("unet", "two.safetensors", ("b", 7));
        File.WriteAllText(
            _folder["unet/diffusion_pytorch_model.safetensors.index.json"],
            """{"metadata":{"total_size":8},"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}""");

        using var scope = NewDisposeScope();
        using var reader = CheckpointReader.Open(_folder.Path);

        Assert.Equal((6f, 7f), (reader.Read("unet.a").item<float>(), reader.Read("unet.b").item<float>()));
    }

    [Theory]
    [InlineData("unet")]
    [InlineData("text_encoder")]
    public void Open_WithoutAPart_IsRefusedByName(string part)
    {
        Directory.Delete(_folder[part], recursive: true);

        var opened = Assert.Throws<FileFormatException>(() => CheckpointReader.Open(_folder.Path));
        var header = Assert.Throws<FileFormatException>(() => CheckpointReader.ReadHeader(_folder.Path));

        Assert.Contains(_folder[part], opened.Message, StringComparison.Ordinal);
        Assert.Contains(_folder[part], header.Message, StringComparison.Ordinal);
        Assert.False(CheckpointReader.Exists(_folder.Path));
    }

    [Fact]
    public void Read_ANameOfNoPart_NamesTheNearest()
    {
        using var reader = CheckpointReader.Open(_folder.Path);

        var error = Assert.Throws<FileFormatException>(() => reader.Read("conv_in.weight"));

        Assert.Contains("Did you mean 'unet.conv_in.weight'?", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WithoutAnIndex_IsAFolderLikeAnyOther()
    {
        using var scope = NewDisposeScope();
        using var reader = CheckpointReader.Open(_folder["unet"]);

        Assert.Equal(["conv_in.weight", "same"], reader.Entries.Keys.Order());
    }

    public void Dispose() => _folder.Dispose();

    private void Write(string part, string file, params (string Name, float Value)[] tensors)
    {
        using var scope = NewDisposeScope();
        Directory.CreateDirectory(_folder[part]);
        SafetensorsWriter.Write(Path.Combine(_folder[part], file), tensors.ToDictionary(one => one.Name, one => tensor(one.Value)));
    }
}
