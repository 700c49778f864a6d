using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

public sealed class LayerChoiceTests
{
    [Theory]
    [InlineData("loha", "LoHa")]
    [InlineData("lokr", "LoKr")]
    [InlineData("adalora", "AdaLoRA")]
    [InlineData("ia3", "(IA)³")]
    public void Inject_OnAnEmbeddingThatTheMethodDoesNotTake_SaysWhichAndWhy(string method, string title)
    {
        using var model = TinyLlama.Create();
        var config = new AdapterConfig { Method = method, Targets = TargetModules.Suffixes("q_proj", "embed_tokens") };

        var error = Assert.Throws<ConfigException>(() => AdaptedModel.Inject(model, config));

        Assert.Equal(
            $"adapter.targets 'embed_tokens' matches 'model.embed_tokens', of the kind 'embedding' ({model.VocabularySize} x 16), and {title} does not go on such a layer; take it out of targets.",
            error.Message);
    }

    [Theory]
    [InlineData("adalora", "AdaLoRA", false)]
    [InlineData("ia3", "(IA)³", true)]
    public void Inject_OnAConvolutionThatTheMethodDoesNotTake_SaysWhichAndWhy(string method, string title, bool pattern)
    {
        using var scope = NewDisposeScope();
        var model = nn.Sequential(("first", nn.Conv1d(3, 4, 5)), ("second", nn.Linear(4, 4)));
        var targets = pattern ? TargetModules.Matching("fir.*") : TargetModules.Suffixes("second", "first");

        var error = Assert.Throws<ConfigException>(
            () => AdaptedModel.Inject(model, new AdapterConfig { Method = method, Targets = targets }));

        Assert.Contains(
            $"matches 'first', of the kind 'convolution' (4 x 3 x 5), and {title} does not go on such a layer",
            error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Inject_ExclusionOfWhatAllLinearLeavesOut_SaysSo()
    {
        using var model = TinyLlama.Create();
        var config = new AdapterConfig { Targets = TargetModules.AllLinear, Exclude = TargetModules.Suffixes("embed_tokens") };

        var error = Assert.Throws<ConfigException>(() => AdaptedModel.Inject(model, config));

        Assert.Contains("adapter.exclude 'embed_tokens' matches 'model.embed_tokens'", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("all-linear leaves such a layer out anyway; take it out of exclude.", error.Message, StringComparison.Ordinal);
    }
}
