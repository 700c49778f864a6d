using ResLora.Models;
using ResLora.Models.Clip;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Clip;

/// <summary>Text encoders of pipelines against transformers, where the folder with its numbers stands beside the repository.</summary>
public sealed class ClipTextGoldenTests
{
    private const double Tolerance = 2e-5;   // float32 here and there; measured 1.1e-6 in 23 layers

    [Theory]
    [InlineData("sd1")]
    [InlineData("sd2")]
    public void Forward_PipelineOfATest_GivesTheNumbersOfTransformers(string name)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var expected = SafetensorsReader.Open(SharedFolder.PathOrSkip($"goldens/diffusion_files/inputs_{name}.safetensors"));
        using var model = (ClipTextModel)ModelRegistry.Load(SharedFolder.PathOrSkip($"goldens/diffusion_files/{name}/text_encoder"));
        var ids = expected.Read("input_ids");

        var hidden = model.Forward(ids);

        AssertClose(expected.Read("base.last_hidden_state"), hidden);
        AssertClose(expected.Read("base.pooler_output"), model.Pooled(hidden, ids));
    }

    [Fact]
    public void Forward_TrainedPipeline_GivesTheNumbersOfTransformers()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var expected = SafetensorsReader.Open(SharedFolder.PathOrSkip("goldens/emoji_sd/expected.safetensors"));
        using var model = (ClipTextModel)ModelRegistry.Load(SharedFolder.PathOrSkip("models/emoji-sd/text_encoder"), float32);

        var hidden = model.Forward(expected.Read("sample.input_ids"));

        Assert.Equal(40, model.MaxTokens);
        AssertClose(expected.Read("sample.text"), hidden);
    }

    private static void AssertClose(Tensor expected, Tensor got)
    {
        Assert.Equal(expected.shape, got.shape);
        Assert.Equal(0, ((expected - got).abs().max() / expected.abs().max()).item<float>(), Tolerance);
    }
}
