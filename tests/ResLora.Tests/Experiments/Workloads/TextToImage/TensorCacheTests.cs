using ResLora.Experiments.Workloads.TextToImage;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Experiments.Workloads.TextToImage;

public sealed class TensorCacheTests : IDisposable
{
    private const string Key = "ab34";

    private static readonly Dictionary<string, long[]> _shapes = new() { ["mean"] = [2, 3], ["deviation"] = [1] };

    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    [Fact]
    public void Write_Tensors_AreThereAndReadByName()
    {
        Write();

        // Another object knows only what is on the disk.
        Assert.True(New().Has(Key, _shapes));
        Assert.Equal([1f, 0f], New().Read(Key, "deviation", "mean").Select(tensor => tensor.flatten()[0].item<float>()));
        Assert.False(New().Has("ab35", _shapes));
    }

    [Fact]
    public void Has_InAFolderThatIsNotThere_IsFalse()
    {
        Assert.False(new TensorCache(_folder["nowhere/at/all"]).Has(Key, _shapes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(-1)]   // the last number is incomplete
    public void Has_AFileThatIsCutOff_IsFalseAndItIsWrittenAnew(int kept)
    {
        Write();
        var bytes = File.ReadAllBytes(PathOfFile());
        File.WriteAllBytes(PathOfFile(), kept < 0 ? bytes[..^1] : bytes[..kept]);

        Assert.False(New().Has(Key, _shapes));
        Write();
        Assert.True(New().Has(Key, _shapes));
    }

    [Fact]
    public void Has_AFileOfSomethingElse_IsFalse()
    {
        Write();
        File.WriteAllText(PathOfFile(), new string('{', 1000));

        Assert.False(New().Has(Key, _shapes));
    }

    [Fact]
    public void Has_OtherShapesTypesOrNames_IsFalse()
    {
        Dictionary<string, Tensor>[] others =
        [
            new() { ["mean"] = zeros(3, 2), ["deviation"] = ones(1) },
            new() { ["mean"] = zeros(2, 3), ["deviation"] = ones([]) },
            new() { ["mean"] = zeros([2, 3], float64), ["deviation"] = ones(1) },
            new() { ["mean"] = zeros(2, 3) },
            new() { ["mean"] = zeros(2, 3), ["deviations"] = ones(1) },
            new() { ["mean"] = zeros(2, 3), ["deviation"] = ones(1), ["more"] = ones(1) },
        ];

        foreach (var tensors in others)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(PathOfFile())!);
            SafetensorsWriter.Write(PathOfFile(), tensors);

            Assert.False(
                New().Has(Key, _shapes), string.Join(", ", tensors.Select(one => $"{one.Key} {string.Join('x', one.Value.shape)}")));
        }
    }

    [Fact]
    public void Has_AFolderInItsPlace_IsFalse()
    {
        Directory.CreateDirectory(PathOfFile());

        Assert.False(New().Has(Key, _shapes));
    }

    [Fact]
    public void Read_AFileThatWasDeletedMeanwhile_IsRefusedWithItsName()
    {
        var cache = New();
        Write(cache);
        File.Delete(PathOfFile());

        var error = Assert.Throws<FileFormatException>(() => cache.Read(Key, "mean"));

        Assert.Contains(PathOfFile(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_WhereNoFileCanBe_IsRefused()
    {
        File.WriteAllText(_folder["cache"], "a file and no folder");

        Assert.ThrowsAny<ResLoraException>(() => Write());
    }

    [Fact]
    public void OfUser_IsInTheUsersCache()
    {
        using var cache = new OwnUserCache();

        Write(TensorCache.OfUser());

        Assert.True(File.Exists(Path.Combine(cache.Path, "reslora", "latents", "ab", "ab34.safetensors")));
    }

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    private string PathOfFile() => _folder["cache/ab/ab34.safetensors"];

    private TensorCache New() => new(_folder["cache"]);

    private void Write(TensorCache? cache = null) =>
        (cache ?? New()).Write(Key, new Dictionary<string, Tensor> { ["mean"] = zeros(2, 3), ["deviation"] = ones(1) });
}
