using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Tests.Models;
using Xunit;

namespace ResLora.Tests.Adapters;

public sealed class ModuleOverridesTests
{
    private const string Module = "model.layers.10.self_attn.q_proj";

    // What PEFT's re.match(r"(.*\.)?(KEY)$", name) gives, key by key.
    [Theory]
    [InlineData("q_proj", true)]
    [InlineData("self_attn.q_proj", true)]
    [InlineData("proj", false)]
    [InlineData(".*proj", true)]
    [InlineData("0.self_attn.q_proj", false)]
    [InlineData(@"\d+\.self_attn\.q_proj", true)]
    [InlineData("layers", false)]
    [InlineData(@"^model\.layers\.10\.self_attn\.q_proj", true)]
    [InlineData("^layers.10.self_attn.q_proj", false)]
    [InlineData("k_proj|q_proj", true)]
    [InlineData("Q_PROJ", false)]
    public void For_APattern_MatchesAsPeftDoes(string pattern, bool matches)
    {
        var overrides = new ModuleOverrides([new(pattern, 5)], []);

        var config = overrides.For(new AdapterConfig { Rank = 3 }, Module);

        Assert.Equal(matches ? 5 : 3, config.Rank);
    }

    [Fact]
    public void For_SeveralThatMatch_TakesTheFirst()
    {
        var overrides = new ModuleOverrides([new("v_proj", 9), new(".*", 4), new("q_proj", 5)], [new("q_proj", 2.5), new(".*", 7)]);

        var config = overrides.For(new AdapterConfig { Rank = 3, Alpha = 6 }, Module);

        Assert.Equal((4, 2.5), (config.Rank, config.Alpha));
    }

    [Fact]
    public void Exactly_AName_MatchesItAndNoOther()
    {
        var overrides = new ModuleOverrides([new(ModuleOverrides.Exactly("model.layers.1.q"), 5)], []);
        var config = new AdapterConfig { Rank = 3 };

        Assert.Equal(5, overrides.For(config, "model.layers.1.q").Rank);
        Assert.All(
            ["model.layers.11.q", "model.layersx1.q", "other.model.layers.1.q", "model.layers.1.q.q"],
            name => Assert.Equal(3, overrides.For(config, name).Rank));
    }

    [Fact]
    public void For_APatternBuiltToRunForEver_IsStopped()
    {
        var overrides = new ModuleOverrides([new("(a+)+b", 5)], []);

        var error = Assert.Throws<ConfigException>(() => overrides.For(new AdapterConfig(), new string('a', 40)));

        Assert.Contains("takes longer than", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Inject_WithAShortcut_IsRefused()
    {
        using var model = TinyLlama.Create();

        var error = Assert.Throws<ConfigException>(() => AdaptedModel.Inject(
            model, TinyAdapters.Config(ShortcutKind.Input), new ModuleOverrides([new("q_proj", 5)], [])));

        Assert.Contains("blocks that a shortcut joins have one rank", error.Message, StringComparison.Ordinal);
    }
}
