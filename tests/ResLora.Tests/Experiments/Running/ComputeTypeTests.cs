using System.Runtime.Intrinsics.X86;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Models.Fused;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Experiments.Running;

public sealed class ComputeTypeTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    private static string HereFast => FusedKernels.HasProducts ? "bfloat16" : "float32";

    [Fact]
    public void Resolve_BFloat16FilesAndAnAdapter_IsBFloat16WhereTheProcessorMultipliesIt()
    {
        var config = world.Run("run") with { Model = BFloat16Folder("narrow") };

        Assert.Equal(HereFast, Resolved(config));
        Assert.Equal(HereFast, Resolved(config with { StartFrom = "an adapter" }));
    }

    [Fact]
    public void Resolve_AllWeightsAreTrained_IsFloat32() =>
        Assert.Equal("float32", Resolved(world.Run("run") with { Model = BFloat16Folder("all"), Adapter = null }));

    [Fact]
    public void Resolve_Float32Files_IsFloat32() => Assert.Equal("float32", Resolved(world.Run("run")));

    [Fact]
    public void Resolve_ANamedType_IsLeftAlone()
    {
        var config = world.Run("run");

        Assert.Equal("bfloat16", Resolved(config with { Training = config.Training with { DataType = "bfloat16" } }));
    }

    [Fact]
    public void Resolve_AnEncoder_IsFloat32()
    {
        using var encoders = new TinyEncoderWorld();
        var folder = encoders.Folder["narrow"];
        using (var model = ModelRegistry.Load(encoders.Model, ScalarType.BFloat16))
        {
            ModelFolder.Write(model, encoders.Model, folder);
        }

        Assert.Equal("float32", Resolved(encoders.Run("run") with { Model = folder }));
    }

    [Theory]
    [InlineData(ScalarType.Float32, "auto")]
    [InlineData(ScalarType.Float16, "float32")]
    public void Resolve_AutoWhereNothingIsTrained_IsFloat32WhereTheFilesTypeIsSlow(ScalarType files, string expected) =>
        Assert.Equal(expected, ComputeType.Resolve("auto", FolderIn(files)));

    [Fact]
    public void Resolve_AutoWhereNothingIsTrained_KeepsBFloat16WhereTheProcessorMultipliesIt() =>
        Assert.Equal(FusedKernels.HasProducts ? "auto" : "float32", ComputeType.Resolve("auto", FolderIn(ScalarType.BFloat16)));

    [Theory]
    [InlineData("float32")]
    [InlineData("bfloat16")]
    public void Resolve_ANamedTypeWhereNothingIsTrained_IsLeftAlone(string name) =>
        Assert.Equal(name, ComputeType.Resolve(name, FolderIn(ScalarType.Float16)));

    [Fact]
    public void Resolve_AutoOfAPipeline_IsLeftToThePipeline()
    {
        using var pipelines = new TinyDiffusionWorld();

        Assert.Equal("auto", ComputeType.Resolve("auto", pipelines.Model));
    }

    [Fact]
    public void Resolve_BFloat16WithoutInstructionsForIt_Warns()
    {
        var heard = new List<string>();
        var config = world.Run("run");
        using (Warnings.Listen(heard.Add))
        {
            _ = Resolved(config with { Training = config.Training with { DataType = "bfloat16" } });
            _ = ComputeType.Resolve("bfloat16", world.Model);
        }

        var isSlow = X86Base.IsSupported && !FusedKernels.HasProducts;
        Assert.Equal(isSlow ? 1 : 0, heard.Count(text => text.Contains("bfloat16", StringComparison.Ordinal)));
    }

    [Fact]
    public void Of_Auto_IsTheFilesType()
    {
        Assert.Null(ComputeType.Of("auto"));
        Assert.Equal(ScalarType.BFloat16, ComputeType.Of("bfloat16"));
    }

    private static string Resolved(RunConfig config) => ComputeType.Resolve(config).Training.DataType;

    private string FolderIn(ScalarType type)
    {
        var folder = world.Folder[$"in-{type}"];
        if (!Directory.Exists(folder))
        {
            using var model = ModelRegistry.Load(world.Model, type);
            ModelFolder.Write(model, world.Model, folder);
        }

        return folder;
    }

    private string BFloat16Folder(string name)
    {
        var folder = world.Folder[name];
        using var model = ModelRegistry.Load(world.Model, ScalarType.BFloat16);
        ModelFolder.Write(model, world.Model, folder);
        return folder;
    }
}
