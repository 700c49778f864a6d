using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Tests.Adapters;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Clip;

public sealed class ClipTextModelTests
{
    private const double Tolerance = 5e-6;   // float32 against float64

    [Fact]
    public void Parameters_OfTheNetwork_HaveTheNamesOfPublishedCheckpoints()
    {
        using var model = TinyClip.Create();

        var names = model.named_parameters().Select(p => p.name).ToArray();

        const string second = "text_model.encoder.layers.1.";
        Assert.Equal(
            [
                "layer_norm1.bias", "layer_norm1.weight", "layer_norm2.bias", "layer_norm2.weight",
                "mlp.fc1.bias", "mlp.fc1.weight", "mlp.fc2.bias", "mlp.fc2.weight",
                "self_attn.k_proj.bias", "self_attn.k_proj.weight", "self_attn.out_proj.bias", "self_attn.out_proj.weight",
                "self_attn.q_proj.bias", "self_attn.q_proj.weight", "self_attn.v_proj.bias", "self_attn.v_proj.weight",
            ],
            names.Where(n => n.StartsWith(second, StringComparison.Ordinal)).Select(n => n[second.Length..]).Order(StringComparer.Ordinal));
        Assert.Equal(
            [
                "text_model.embeddings.position_embedding.weight", "text_model.embeddings.token_embedding.weight",
                "text_model.final_layer_norm.bias", "text_model.final_layer_norm.weight",
            ],
            names.Where(n => !n.StartsWith("text_model.encoder.", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(4 + (3 * 16), names.Length);
    }

    [Fact]
    public void ExecutionOrder_OfTheNetwork_IsThatOfAPass()
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Create();
        var names = model.named_modules().Where(m => model.ExecutionOrder.Contains(m.name)).ToDictionary(m => m.module, m => m.name);
        var seen = new List<string>();
        foreach (var (module, name) in names)
        {
            ((nn.Module<Tensor, Tensor>)module).register_forward_hook((_, _, output) =>
            {
                seen.Add(name);
                return output;
            });
        }

        TinyClip.Hidden(model);

        Assert.Equal(2 + (3 * 6), seen.Count);
        Assert.Equal(seen, model.ExecutionOrder);
    }

    [Theory]
    [InlineData("quick_gelu", 1e-5, 2)]
    [InlineData("gelu", 1e-3, 4)]
    public void Forward_AnyTexts_IsWhatIsReckonedByHand(string activation, double epsilon, int heads)
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Create(TinyClip.Config with { Activation = activation, NormEpsilon = epsilon, HeadCount = heads });
        var byHand = new ClipByHand(model);
        var ids = TinyClip.Ids();

        var hidden = TinyClip.Hidden(model, ids);

        Assert.Equal([2, 6, 8], hidden.shape);
        for (var row = 0; row < 2; row++)
        {
            var expected = byHand.Hidden(ids[row].data<long>().ToArray()).SelectMany(state => state).ToArray();
            Assert.Equal(0, TinyAdapters.Distance(tensor(expected).reshape(6, 8), hidden[row]), Tolerance);
        }
    }

    [Theory]
    [InlineData("encoder.layers.0.self_attn.q_proj.weight")]
    [InlineData("encoder.layers.1.self_attn.k_proj.bias")]   // all keys alike: nothing but rounding
    [InlineData("encoder.layers.1.self_attn.v_proj.weight")]
    [InlineData("encoder.layers.2.self_attn.out_proj.weight")]
    [InlineData("encoder.layers.0.mlp.fc1.weight")]
    [InlineData("encoder.layers.2.layer_norm2.weight")]
    [InlineData("embeddings.token_embedding.weight")]
    [InlineData("embeddings.position_embedding.weight")]
    public void Forward_Gradients_AreDifferencesByHand(string name)
    {
        const double step = 1e-4;
        const double tolerance = 2e-4;   // gradients of a few tens in float32
        using var scope = NewDisposeScope();
        using var model = TinyClip.Create();
        var byHand = new ClipByHand(model);
        var parameter = model.named_parameters().Single(p => p.name == "text_model." + name).parameter;
        parameter.requires_grad = true;
        var ids = TinyClip.Ids();

        (model.Forward(ids).square() * arange(8, dtype: float32)).sum().backward();

        var gradient = parameter.grad!.data<float>().ToArray();
        var weights = byHand.Weight(name);
        for (var i = 0; i < gradient.Length; i += Math.Max(1, gradient.Length / 7))
        {
            Assert.Equal((Loss(i, step) - Loss(i, -step)) / (2 * step), gradient[i], tolerance * (1 + gradient.Max(Math.Abs)));
        }

        double Loss(int place, double change)
        {
            weights[place] += change;
            var loss = Enumerable.Range(0, 2).Sum(row => byHand.Hidden(ids[row].data<long>().ToArray())
                .Sum(state => state.Select((value, i) => value * value * i).Sum()));
            weights[place] -= change;
            return loss;
        }
    }

    [Fact]
    public void Forward_ALaterToken_ChangesNothingBeforeIt()
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Create();
        var ids = TinyClip.Ids();
        var before = TinyClip.Hidden(model, ids);
        ids[0, 3] = 4;

        var after = TinyClip.Hidden(model, ids);

        Assert.Equal(0, TinyAdapters.Distance(before[0].narrow(0, 0, 3), after[0].narrow(0, 0, 3)));
        for (var place = 3; place < 6; place++)
        {
            Assert.NotEqual(0, TinyAdapters.Distance(before[0][place], after[0][place]));
        }
    }

    [Fact]
    public void Forward_AShorterText_IsTheBeginOfALongerOne()
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Create();

        var hidden = TinyClip.Hidden(model, TinyClip.Ids().narrow(1, 0, 4));

        Assert.Equal(0, TinyAdapters.Distance(TinyClip.Hidden(model).narrow(1, 0, 4), hidden), Tolerance);
    }

    [Theory]
    [InlineData(19, 3, 2)]   // the first of several end tokens
    [InlineData(2, 3, 2)]    // the old configuration: the highest id, the first of several
    [InlineData(7, 2, 0)]    // the second text has none
    public void Pooled_EndTokens_TakesTheStateOfTheFirst(int end, int first, int second)
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Create(TinyClip.Config with { EndId = end });
        var hidden = TinyClip.Hidden(model);

        var pooled = model.Pooled(hidden, TinyClip.Ids());

        Assert.Equal([2, 8], pooled.shape);
        Assert.Equal(0, TinyAdapters.Distance(hidden[0][first], pooled[0]));
        Assert.Equal(0, TinyAdapters.Distance(hidden[1][second], pooled[1]));
    }

    [Fact]
    public void Forward_TextsThatAreTooLong_AreRefused()
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Create();

        var error = Assert.Throws<ConfigException>(() => TinyClip.Hidden(model, zeros(1, 7, int64)));

        Assert.Contains("7 tokens, and the text encoder takes 6", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Forward_InTraining_DropsAttentionOut()
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Create(TinyClip.Config with { AttentionDropout = 0.3 });
        var without = TinyClip.Hidden(model);
        model.train();

        random.manual_seed(1);
        var first = TinyClip.Hidden(model);
        var second = TinyClip.Hidden(model);
        random.manual_seed(1);
        var again = TinyClip.Hidden(model);

        Assert.NotEqual(0, TinyAdapters.Distance(first, second));
        Assert.NotEqual(0, TinyAdapters.Distance(first, without));
        Assert.Equal(0, TinyAdapters.Distance(first, again));
    }

    [Fact]
    public void ForwardAndPooled_AgainAndAgain_LeaveNothingBehind()
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Create();
        using var ids = TinyClip.Ids();
        TinyClip.Hidden(model, ids).Dispose();

        var growth = LiveTensors.Growth(() =>
        {
            for (var i = 0; i < 3; i++)
            {
                using var hidden = TinyClip.Hidden(model, ids);
                model.Pooled(hidden, ids).Dispose();
            }
        });

        Assert.Equal(0, growth);
    }

    [Fact]
    public void Forward_Hooks_AreGivenThePassAndEachLayer()
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Create();
        var passes = new List<bool>();
        var layers = 0;
        model.BeginForward = mask =>
        {
            passes.Add(mask is null);
            return NewDisposeScope();
        };
        model.RunLayer = (layer, inputs) =>
        {
            Assert.Single(inputs);
            layers++;
            return layer(inputs);
        };

        TinyClip.Hidden(model);

        Assert.Equal([true], passes);
        Assert.Equal(3, layers);
    }

    [Fact]
    public void Inject_ShortcutsOnTheUsualTargets_LinksThemAll()
    {
        using var model = TinyClip.Create();
        var config = new AdapterConfig
        {
            Targets = TargetModules.Suffixes(model.UsualTargets),
            Shortcut = new ShortcutConfig { Kind = ShortcutKind.Middle, PreviousCount = 2 },
        };

        var adapted = AdaptedModel.Inject(model, config, savedModules: model.HeadModules);

        Assert.Empty(adapted.Breaks);
        Assert.Equal(
            ["self_attn.k_proj", "self_attn.out_proj", "self_attn.q_proj", "self_attn.v_proj"],
            adapted.Chains.Select(chain => chain.Name).Order(StringComparer.Ordinal));
        Assert.All(adapted.Chains, chain => Assert.Equal(
            Enumerable.Range(0, 3).Select(layer => $"text_model.encoder.layers.{layer}.{chain.Name}"), chain.Blocks));
    }

    [Theory]
    [InlineData("q_proj")]
    [InlineData("k_proj")]
    [InlineData("v_proj")]
    [InlineData("out_proj")]
    [InlineData("fc1")]
    [InlineData("fc2")]
    public void Forward_BlockOnAnyLayer_IsRunAndLearns(string target)
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Create();
        var before = TinyClip.Hidden(model);
        var adapted = AdaptedModel.Inject(model, new AdapterConfig { Rank = 2, Targets = TargetModules.Suffixes(target) }).WithRandomB();

        Assert.NotEqual(0, TinyAdapters.Distance(before, TinyClip.Hidden(model)));
        (model.Forward(TinyClip.Ids()) * arange(8, dtype: float32)).square().sum().backward();
        Assert.All(adapted.TrainableParameters(), p => Assert.True(p.Value.grad!.abs().sum().item<float>() > 0, p.Key));
    }
}
