using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Tensors.Safetensors;

/// <summary>Files that other software wrote.</summary>
public sealed class SharedFilesTests
{
    [Theory]
    [InlineData("goldens")]
    [InlineData("models")]
    public void Open_EveryFile_ReadsAllAndRewritesTheSameBytes(string folder)
    {
        var files = Directory.GetFiles(SharedFolder.PathOrSkip(folder), "*.safetensors", SearchOption.AllDirectories);
        using var temporary = new TemporaryFolder();

        Assert.NotEmpty(files);
        Assert.All(files, file =>
        {
            using var scope = NewDisposeScope();
            using var reader = SafetensorsReader.Open(file);
            var tensors = reader.Entries.Keys.ToDictionary(name => name, reader.Read);
            SafetensorsWriter.Write(temporary["copy"], tensors, reader.Metadata);
            using var copy = SafetensorsReader.Open(temporary["copy"]);
            Assert.Equal(tensors.Count, copy.Entries.Count);
            Assert.All(tensors, pair => Assert.True(Same(pair.Value, copy.Read(pair.Key)), pair.Key));
            if (reader.Metadata.Count <= 1)
            {
                // The reference writes several metadata entries in no fixed order; with one at most, bytes must agree.
                Assert.True(File.ReadAllBytes(file).AsSpan().SequenceEqual(File.ReadAllBytes(temporary["copy"])), file);
            }
        });
    }

    [Theory]
    [InlineData("models/stories260K")]
    [InlineData("models/llama-10m")]
    public void Open_ModelFolder_HasLayers(string folder)
    {
        using var reader = CheckpointReader.Open(SharedFolder.PathOrSkip(folder));

        Assert.Contains(reader.Entries.Keys, name => name.Contains("layers.0.", StringComparison.Ordinal));
    }

    private static bool Same(Tensor expected, Tensor found) =>
        expected.dtype == found.dtype && expected.shape.SequenceEqual(found.shape)
            && expected.contiguous().bytes.SequenceEqual(found.bytes);
}
