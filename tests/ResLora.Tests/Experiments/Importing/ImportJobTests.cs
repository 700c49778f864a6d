using ResLora.Experiments.Importing;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Experiments.Importing;

public sealed class ImportJobTests : IDisposable
{
    private const string Goldens = "goldens/diffusion_files/";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("auto", ScalarType.Float32)]
    [InlineData("bfloat16", ScalarType.BFloat16)]
    public void Run_Gguf_GivesTheFolderOfTheSameModel(string type, ScalarType expected)
    {
        using var model = TinyLlama.Create(TinyLlama.Config with { HiddenSize = 32, IntermediateSize = 32 });
        var path = TinyGguf.Write(_folder["model.gguf"], model, GgufWeightType.Q8);

        var report = ImportJob.Run(
            new ImportOptions { Checkpoint = path, Output = _folder["output"], DataType = type }, TestContext.Current.CancellationToken);

        Assert.Equal(("model", expected.ToString()), (Assert.Single(report.Parts).Name, report.Parts[0].DataType));
        using var folder = ModelRegistry.LoadCausal(report.Output, float32);
        using var file = ModelRegistry.LoadCausal(path, expected);
        Assert.All(folder.named_parameters().Zip(file.named_parameters()), pair =>
        {
            using var stored = pair.Second.parameter.to(float32);
            Assert.True(pair.First.parameter.eq(stored).all().item<bool>(), pair.First.name);
        });
    }

    [Fact]
    public void Run_GgufOverItsOwnFolder_ReplacesItWhenAsked()
    {
        using var model = TinyLlama.Create(TinyLlama.Config with { HiddenSize = 32, IntermediateSize = 32 });
        var path = TinyGguf.Write(_folder["model.gguf"], model, GgufWeightType.Q8);
        var options = new ImportOptions { Checkpoint = path, Output = _folder["output"] };
        ImportJob.Run(options, TestContext.Current.CancellationToken);

        var refused = Assert.Throws<ConfigException>(() => ImportJob.Run(options, TestContext.Current.CancellationToken));
        var report = ImportJob.Run(options with { Overwrite = true, DataType = "float16" }, TestContext.Current.CancellationToken);

        Assert.Contains("--overwrite", refused.Message, StringComparison.Ordinal);
        Assert.Equal("Float16", report.Parts[0].DataType);
        using var checkpoint = CheckpointReader.Open(_folder["output"]);
        Assert.All(checkpoint.Entries.Values, entry => Assert.Equal(ScalarType.Float16, entry.DataType));
    }

    [Fact]
    public void Run_CheckpointWithoutLike_SaysWhatIsNeeded()
    {
        var options = new ImportOptions { Checkpoint = _folder["model.safetensors"], Output = _folder["output"] };

        var error = Assert.Throws<ConfigException>(() => ImportJob.Run(options, TestContext.Current.CancellationToken));

        Assert.Contains("--like", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_AWholeCheckpoint_GivesTheFolderThatItWasMadeOf()
    {
        var report = ImportJob.Run(Options(), TestContext.Current.CancellationToken);

        Assert.Equal([("text_encoder", 36), ("unet", 304), ("vae", 152)], report.Parts.Select(part => (part.Name, part.Tensors)));
        Assert.Equal(
            ["alphas_cumprod", "betas", "cond_stage_model.transformer.text_model.embeddings.position_ids"],
            report.LeftOut.Order(StringComparer.Ordinal));
        var like = SharedFolder.PathOrSkip(Goldens + "sd1");
        foreach (var file in Directory.EnumerateFiles(
            like, "*.json", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(like, file)))
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(like, file)), File.ReadAllBytes(Path.Combine(report.Output, file)));
        }

        foreach (var part in new[] { "unet", "vae" })
        {
            using var expected = CheckpointReader.Open(Path.Combine(like, part));
            using var found = CheckpointReader.Open(Path.Combine(report.Output, part));
            Assert.Equal(expected.Entries.Keys.Order(StringComparer.Ordinal), found.Entries.Keys.Order(StringComparer.Ordinal));
            foreach (var name in expected.Entries.Keys)
            {
                using var a = expected.Read(name);
                using var b = found.Read(name);
                Assert.Equal(a.shape, b.shape);
                Assert.True(a.bytes.SequenceEqual(b.bytes), name);
            }
        }
    }

    [Theory]
    [InlineData("float16", ScalarType.Float16)]
    [InlineData("bfloat16", ScalarType.BFloat16)]
    [InlineData("float32", ScalarType.Float32)]
    public void Run_WithAType_StoresAllInIt(string name, ScalarType type)
    {
        var report = ImportJob.Run(Options("sd1_ema.ckpt") with { DataType = name }, TestContext.Current.CancellationToken);

        foreach (var part in new[] { "text_encoder", "unet", "vae" })
        {
            using var found = CheckpointReader.Open(Path.Combine(report.Output, part));
            Assert.All(found.Entries.Values, entry => Assert.Equal(type, entry.DataType));
        }
    }

    [Fact]
    public void Run_Averaged_ChangesTheUNetAlone()
    {
        var plain = ImportJob.Run(Options("sd1_ema.ckpt", "plain"), TestContext.Current.CancellationToken).Output;
        var averaged = ImportJob.Run(
            Options("sd1_ema.ckpt", "averaged") with { Averaged = true }, TestContext.Current.CancellationToken).Output;

        Assert.True(IsEqual("text_encoder/model.safetensors"));
        Assert.True(IsEqual("vae/diffusion_pytorch_model.safetensors"));
        Assert.False(IsEqual("unet/diffusion_pytorch_model.safetensors"));

        bool IsEqual(string file) =>
            File.ReadAllBytes(Path.Combine(plain, file)).SequenceEqual(File.ReadAllBytes(Path.Combine(averaged, file)));
    }

    [Fact]
    public void Run_AnOutputThatIsThere_IsRefusedAndStays()
    {
        Directory.CreateDirectory(_folder["out"]);
        File.WriteAllText(Path.Combine(_folder["out"], "mine.txt"), "mine");

        Assert.Throws<ConfigException>(() => ImportJob.Run(Options(), TestContext.Current.CancellationToken));

        Assert.Equal("mine", File.ReadAllText(Path.Combine(_folder["out"], "mine.txt")));
        Assert.Equal(["out"], _folder.Names());
    }

    [Theory]
    [InlineData("sd2")]
    [InlineData("sd1/unet")]
    public void Run_AFolderThatDoesNotFit_IsRefusedAndNothingIsWritten(string like)
    {
        var options = Options() with { Like = SharedFolder.PathOrSkip(Goldens + like) };

        Assert.ThrowsAny<ResLoraException>(() => ImportJob.Run(options, TestContext.Current.CancellationToken));

        Assert.Empty(_folder.Names());
    }

    [Fact]
    public void Run_AnUnknownType_IsRefusedByName()
    {
        var error = Assert.Throws<ConfigException>(
            () => ImportJob.Run(Options() with { DataType = "int8" }, TestContext.Current.CancellationToken));

        Assert.Contains("'int8'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_Stopped_LeavesNothing()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() => ImportJob.Run(Options(), stop.Token));

        Assert.Empty(_folder.Names());
    }

    [Fact]
    public void Run_AnotherNoiseSchedule_Warns()
    {
        var changed = _folder["changed.safetensors"];
        Dictionary<string, Tensor> tensors;
        using (var file = SafetensorsReader.Open(SharedFolder.PathOrSkip(Goldens + "single_file/sd1.safetensors")))
        {
            tensors = file.Entries.Keys.ToDictionary(name => name, name => file.Read(name).clone());
        }

        using (var scope = NewDisposeScope())
        {
            tensors["alphas_cumprod"] = tensors["alphas_cumprod"].square();
            SafetensorsWriter.Write(changed, tensors);
            foreach (var tensor in tensors.Values)
            {
                tensor.Dispose();
            }
        }

        var said = new List<string>();
        using (Warnings.Listen(said.Add))
        {
            ImportJob.Run(Options(), TestContext.Current.CancellationToken);
            Assert.Empty(said);
            ImportJob.Run(Options(output: "other") with { Checkpoint = changed }, TestContext.Current.CancellationToken);
        }

        Assert.Contains("alphas_cumprod", Assert.Single(said), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_AnyImport_LeavesNoTensorAlive()
    {
        ImportJob.Run(Options(output: "first"), TestContext.Current.CancellationToken);

        var growth = LiveTensors.Growth(() => ImportJob.Run(Options("sd1_ema.ckpt", "second"), TestContext.Current.CancellationToken));

        Assert.Equal(0, growth);
    }

    [Fact]
    public void Run_AnImportedFolder_IsAPipeline()
    {
        var report = ImportJob.Run(Options(), TestContext.Current.CancellationToken);

        using var model = ModelRegistry.Load(report.Output);

        Assert.IsAssignableFrom<TextToImageModel>(model);
    }

    private ImportOptions Options(string file = "sd1.safetensors", string output = "out") => new()
    {
        Checkpoint = SharedFolder.PathOrSkip(Goldens + "single_file/" + file),
        Like = SharedFolder.PathOrSkip(Goldens + "sd1"),
        Output = _folder[output],
    };
}
