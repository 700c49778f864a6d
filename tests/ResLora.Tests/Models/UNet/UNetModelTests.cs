using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Models.UNet;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Adapters;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.UNet;

public sealed class UNetModelTests
{
    private const double Tolerance = 1e-5;   // float32 by another order of operations

    /// <summary>By diffusers 0.42.1 in float32.</summary>
    [Theory]
    [InlineData("sd1")]
    [InlineData("sd2")]
    public void Forward_FolderOfDiffusers_IsWhatDiffusersComputes(string name)
    {
        var folder = SharedFolder.PathOrSkip($"goldens/diffusion_files/{name}/unet");
        using var scope = NewDisposeScope();
        using var model = (UNetModel)ModelRegistry.Load(folder, float32);
        using var inputs = SafetensorsReader.Open(SharedFolder.PathOrSkip($"goldens/diffusion_files/inputs_{name}.safetensors"));

        var sample = model.Forward(inputs.Read("latents"), inputs.Read("timesteps"), inputs.Read("encoder_hidden_states"));

        var expected = inputs.Read("base.sample");
        Assert.True(
            TinyAdapters.Distance(expected, sample) <= 2e-5 * expected.abs().max().item<float>(),
            $"{TinyAdapters.Distance(expected, sample)}");
    }

    [Fact]
    public void Names_OfTheNetwork_AreThoseOfTheFile()
    {
        var folder = SharedFolder.PathOrSkip("goldens/diffusion_files/sd2/unet");
        using var model = ModelRegistry.Build(folder);

        var names = model.named_parameters().Select(p => p.name).Order(StringComparer.Ordinal);

        Assert.Equal(CheckpointReader.ReadHeader(folder).Entries.Keys.Order(StringComparer.Ordinal), names);
    }

    [Fact]
    public void Forward_AgainAndAgain_LeavesNothingBehind()
    {
        using var scope = NewDisposeScope();
        using var model = TinyUNet.Create();
        var (latents, timesteps, text) = TinyUNet.Inputs();
        model.Forward(latents, timesteps, text).Dispose();

        var growth = LiveTensors.Growth(() =>
        {
            for (var i = 0; i < 3; i++)
            {
                model.Forward(latents, timesteps, text).Dispose();
            }
        });

        Assert.Equal(0, growth);
    }

    [Theory]
    [InlineData(7, 9)]
    [InlineData(5, 6)]
    public void Forward_OddSize_KeepsTheSize(long height, long width)
    {
        using var scope = NewDisposeScope();
        using var model = TinyUNet.Create();
        var (latents, timesteps, text) = TinyUNet.Inputs(height, width);

        var sample = model.Forward(latents, timesteps, text);

        Assert.Equal([2, 4, height, width], sample.shape);
    }

    [Fact]
    public void Forward_TimestepWithAFraction_LiesBetweenItsNeighbours()
    {
        using var scope = NewDisposeScope();
        using var model = TinyUNet.Create();
        var (latents, _, text) = TinyUNet.Inputs();
        Tensor At(double time) => model.Forward(latents, full([2], time), text);

        var (whole, same, between) = (model.Forward(latents, tensor([3L, 3L]), text), At(3), At(3.5));

        Assert.Equal(0, TinyAdapters.Distance(whole, same));
        Assert.True(TinyAdapters.Distance(same, between) > 0);
        Assert.True(TinyAdapters.Distance(same, between) < TinyAdapters.Distance(same, At(4)));
    }

    [Fact]
    public void Forward_WrongShapes_AreRefused()
    {
        using var scope = NewDisposeScope();
        using var model = TinyUNet.Create();
        var (latents, timesteps, text) = TinyUNet.Inputs();

        Assert.Throws<ShapeException>(() => model.Forward(latents.narrow(1, 0, 3), timesteps, text));
        Assert.Throws<ShapeException>(() => model.Forward(latents, timesteps.narrow(0, 0, 1), text));
        Assert.Throws<ShapeException>(() => model.Forward(latents, timesteps, text.narrow(2, 0, 5)));
    }

    [Fact]
    public void ExecutionOrder_OfAllLayers_FollowsThePass()
    {
        using var model = TinyUNet.Create();

        var order = model.ExecutionOrder.Where(name => name.EndsWith("conv1", StringComparison.Ordinal) || name.EndsWith(
            "attn1.to_q", StringComparison.Ordinal)
            || name.Contains("samplers", StringComparison.Ordinal)).Take(10);

        const string query = ".transformer_blocks.0.attn1.to_q";
        Assert.Equal(
            [
                "down_blocks.0.resnets.0.conv1", "down_blocks.0.attentions.0" + query, "down_blocks.0.downsamplers.0.conv",
                "down_blocks.1.resnets.0.conv1", "down_blocks.1.attentions.0" + query, "down_blocks.1.downsamplers.0.conv",
                "down_blocks.2.resnets.0.conv1", "mid_block.resnets.0.conv1", "mid_block.attentions.0" + query, "mid_block.resnets.1.conv1",
            ],
            order);
        Assert.Equal("conv_out", model.ExecutionOrder[^1]);
    }

    [Fact]
    public void Chains_LevelsOfOtherSizes_AreCutAndTheReasonIsTold()
    {
        using var model = TinyUNet.Create();

        var adapted = AdaptedModel.Inject(model, Shortcut(model.UsualTargets), seed: 1);

        var cut = Assert.Single(
            adapted.Breaks, b => b.To.EndsWith("mid_block.attentions.0.transformer_blocks.0.attn1.to_q", StringComparison.Ordinal));
        Assert.Equal("they see 16 and 4 tokens of an input", cut.Reason);
        Assert.Equal([1, 4, 2], adapted.Chains.Where(c => c.Name == "attn2.to_k").Select(c => c.Blocks.Count));
        adapted.Remove();
    }

    [Fact]
    public void Chains_Convolutions_AreOfOnePlaceInTheirBlock()
    {
        using var model = TinyUNet.Create();

        var adapted = AdaptedModel.Inject(model, Shortcut(["conv1", "conv2"]), seed: 1);

        Assert.Equal(["conv1", "conv2"], adapted.Chains.Select(c => c.Name).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(
            ["mid_block.resnets.0.conv1", "mid_block.resnets.1.conv1"],
            Assert.Single(
                adapted.Chains,
                c => c.Blocks.Contains("mid_block.resnets.1.conv1")).Blocks.Where(b => b.StartsWith("mid", StringComparison.Ordinal)));
        adapted.Remove();
    }

    /// <summary>1 x 2 latents have 1 x 1 pixels in two levels that the configuration's 8 x 8 tells apart, and the other way
    /// round.</summary>
    [Theory]
    [InlineData(1, 2)]
    [InlineData(3, 5)]
    public void Forward_ShortcutsAndAnotherSizeThanConfigured_RunsToTheEnd(long height, long width)
    {
        using var scope = NewDisposeScope();
        using var model = TinyUNet.Create(TinyUNet.Config with { SampleSize = new(1, 1) });
        var adapted = AdaptedModel.Inject(model, Shortcut(model.UsualTargets), seed: 1);
        Randomize(adapted);
        model.BeginForward = mask => adapted.BeginPass(mask);
        var (latents, timesteps, text) = TinyUNet.Inputs(height, width);

        var sample = model.Forward(latents, timesteps, text);

        Assert.True(sample.isfinite().all().item<bool>());
    }

    [Fact]
    public void Forward_Checkpointed_HasTheSameGradients()
    {
        using var scope = NewDisposeScope();
        using var model = TinyUNet.Create();
        var adapted = AdaptedModel.Inject(model, Shortcut([.. model.UsualTargets, "conv1", "linear_2"]) with { Shortcut = new() }, seed: 1);
        Randomize(adapted);
        model.BeginForward = mask => adapted.BeginPass(mask);
        var plain = Gradients(model, adapted);

        model.RunLayer = ActivationCheckpoint.Run;
        var again = Gradients(model, adapted);

        Assert.All(plain, pair => Assert.True(
            TinyAdapters.Distance(pair.Value, again[pair.Key]) <= Tolerance * Math.Max(1, pair.Value.abs().max().item<float>()), pair.Key));
        Assert.Contains(plain, pair => pair.Key == "text" && pair.Value.abs().max().item<float>() > 0);
    }

    /// <summary>The gradient of an input of a convolution with four outputs was now and then memory that nobody had written.</summary>
    [Fact]
    public void Backward_ManyTimes_IsTheSameAlways()
    {
        using var scope = NewDisposeScope();
        using var model = TinyUNet.Create();
        var (latents, timesteps, text) = TinyUNet.Inputs();
        Tensor Gradient()
        {
            using var inner = NewDisposeScope();
            var leaf = text.clone().requires_grad_();
            model.Forward(latents, timesteps, leaf).square().sum().backward();
            return leaf.grad!.MoveToOuterDisposeScope();
        }

        var first = Gradient();

        Assert.All(
            Enumerable.Range(0, 30),
            _ => Assert.True(TinyAdapters.Distance(first, Gradient()) <= Tolerance * first.abs().max().item<float>()));
    }

    private static AdapterConfig Shortcut(IReadOnlyList<string> targets) => new()
    {
        Rank = 2,
        Alpha = 4,
        Targets = TargetModules.Suffixes(targets),
        Shortcut = new ShortcutConfig { Kind = ShortcutKind.Middle, PreviousCount = 2 },
    };

    private static void Randomize(AdaptedModel adapted)
    {
        using var noGradient = no_grad();
        foreach (var (_, parameter) in adapted.BlockParameters())
        {
            parameter.normal_(0, 0.1);
        }
    }

    private static Dictionary<string, Tensor> Gradients(UNetModel model, AdaptedModel adapted)
    {
        var (latents, timesteps, text) = TinyUNet.Inputs();
        text.requires_grad_();
        model.zero_grad();
        model.Forward(latents, timesteps, text).square().sum().backward();
        var gradients = adapted.BlockParameters().Where(p => p.Value.grad is not null)
            .ToDictionary(p => p.Key, p => p.Value.grad!.clone(), StringComparer.Ordinal);
        gradients["text"] = text.grad!;
        return gradients;
    }
}
