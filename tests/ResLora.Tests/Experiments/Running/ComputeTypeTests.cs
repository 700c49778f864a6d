using ResLora.Experiments.Running;
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

    private static string Resolved(RunConfig config) => ComputeType.Resolve(config).Training.DataType;

    private string BFloat16Folder(string name)
    {
        var folder = world.Folder[name];
        using var model = ModelRegistry.Load(world.Model, ScalarType.BFloat16);
        ModelFolder.Write(model, world.Model, folder);
        return folder;
    }
}
