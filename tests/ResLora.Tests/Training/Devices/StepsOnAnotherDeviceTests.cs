using System.Security.Cryptography;
using ResLora.Adapters;
using ResLora.Formats;
using ResLora.Models;
using ResLora.Models.Bert;
using ResLora.Models.Clip;
using ResLora.Models.Diffusion;
using ResLora.Models.Diffusion.Sampling;
using ResLora.Models.Llama;
using ResLora.Models.StableDiffusion;
using ResLora.Models.UNet;
using ResLora.Models.Vit;
using ResLora.Tests.Adapters;
using ResLora.Tests.Models;
using ResLora.Tests.Models.Diffusion;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using ResLora.Training.Loop;
using ResLora.Training.Objectives;
using ResLora.Training.Objectives.Denoising;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Devices;

/// <summary>That what is computed with a model is made where the model is, as far as that shows without a GPU.</summary>
public sealed class StepsOnAnotherDeviceTests
{
    private static readonly TokenizedSample[] _texts =
    [
        new([2, 7, 3, 9, 3], [-100, 7, 3, 9, 3]) { Target = 1, TypeIds = [0, 0, 0, 1, 1] },
        new([2, 8, 3], [-100, 8, 3]) { Target = 0 },
    ];

    // Without weights: on the meta device.
    private static readonly Dictionary<string, Func<(Objective Objective, IExample[] Examples)>> _families = new()
    {
        ["llama, padded"] = () => (new NextTokenObjective(new LlamaModel(TinyLlama.Config), 0), _texts),
        ["llama, packed"] = () => (new NextTokenObjective(new LlamaModel(TinyLlama.Config), 0, packing: true), Plain()),
        ["mistral, window"] = () => (
            new NextTokenObjective(new LlamaModel(TinyLlama.Config with { ModelType = "mistral", ConfiguredSlidingWindow = 3 }), 0),
            Plain()),
        ["bert, labels"] = () => (Labels(Bert("bert", ModelHead.OfOutputs(2))), _texts),
        ["roberta, scores"] = () => (Labels(Bert("roberta", ModelHead.Score)), Plain()),
        ["roberta, masked tokens"] = () => (new MaskedTokenObjective(Bert("roberta", ModelHead.MaskedTokens), maskId: 4), Plain()),
        ["vit"] = () => (
            Pictures(new VitModel(TinyVit.Config with { HiddenDropout = 0.1, AttentionDropout = 0.1 })), [new Flat(2), new Flat(0)]),
        ["stable diffusion"] = () => (Denoising(trainsText: false), [new Latent(), new Latent()]),
        ["stable diffusion with texts"] = () => (Denoising(trainsText: true), [new Latent(), new Latent()]),
    };

    public static TheoryData<string> Families => [.. _families.Keys];

    public static TheoryData<string, ShortcutKind> FamiliesAndShortcuts => new(
        from family in _families.Keys from kind in Enum.GetValues<ShortcutKind>() select (family, kind));

    public static TheoryData<string, ShortcutKind> Methods => new(
        from method in AdapterMethods.All
        from kind in Enum.GetValues<ShortcutKind>()
        where !Config(method.Name, kind).Problems().Any()
        select (method.Name, kind));

    [Theory]
    [MemberData(nameof(Families))]
    public void Collate_OfEveryFamily_IsWhereTheModelIs(string family)
    {
        using var scope = NewDisposeScope();
        var (objective, examples) = _families[family]();
        using var model = objective.Model;

        using var batch = objective.Collate(examples);

        var tensors = batch.GetType().GetProperties().Select(property => property.GetValue(batch)).OfType<Tensor>().ToArray();
        Assert.NotEmpty(tensors);
        Assert.All(tensors, tensor => Assert.Equal(DeviceType.META, tensor.device_type));
    }

    [Theory]
    [MemberData(nameof(FamiliesAndShortcuts))]
    public void Step_OfEveryFamily_MakesNothingWithoutADevice(string family, ShortcutKind kind)
    {
        using var scope = NewDisposeScope();
        var (objective, examples) = _families[family]();
        using var model = objective.Model;
        ModelWeights.Initialize(model, 0.1, seed: 1, float32, CPU);
        var adapted = Adapt(model, TinyAdapters.Config(kind, dropout: 0.1) with { Targets = TargetModules.Suffixes(model.UsualTargets) });

        Step(objective, adapted, examples);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Step_OfEveryMethod_MakesNothingWithoutADevice(string method, ShortcutKind kind)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, Config(method, kind));

        Step(new NextTokenObjective(model, 0), adapted, _texts);
    }

    [Theory]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    public void Step_WithCheckpointing_MakesNothingWithoutADevice(ShortcutKind kind)
    {
        using var scope = NewDisposeScope();
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, Config("lora", kind));
        model.RunLayer = ActivationCheckpoint.Run;

        Step(new NextTokenObjective(model, 0), adapted, _texts);
    }

    [Fact]
    public void Sum_WithATensorWithoutADevice_Fails()
    {
        using var scope = NewDisposeScope();
        using var given = ones(2, device: CPU);
        using var meta = DefaultDevice.IsMeta();

        // What all other tests here live on.
        Assert.ThrowsAny<Exception>(() => (given + ones(2)).sum().item<float>());
    }

    [Fact]
    public void Hidden_WithACache_MakesNothingWithoutADevice()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var model = TinyLlama.Create();
        using var cache = new KeyValueCache(model.LayerCount, 8);
        var (first, next, mask) = (TinyLlama.Ids(2, 3), TinyLlama.Ids(2, 1), ones([2, 4], int64, CPU));
        using var meta = DefaultDevice.IsMeta();

        model.Hidden(first, mask[.., ..3], cache);
        var last = model.Hidden(next, mask, cache);

        Assert.True(double.IsFinite(last.sum().item<float>()));
    }

    [Theory]
    [InlineData("ddim")]
    [InlineData("pndm")]
    [InlineData("euler")]
    [InlineData("dpm++")]
    public void Sampling_MakesNothingWithoutADevice(string name)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var sampler = Samplers.Of(TestSchedules.Published, steps: 4, name);
        var noise = ones([1, 4, 8, 8], float32, CPU);
        using var meta = DefaultDevice.IsMeta();

        var latents = sampler.Run(noise, (seen, _) => seen * 0.5);

        Assert.True(double.IsFinite(latents.sum().item<float>()));
    }

    [Fact]
    public void Autoencoder_MakesNothingWithoutADevice()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var vae = TinyPipeline.CreateVae();
        var pixels = ones([1, 3, 16, 16], float32, CPU);
        using var meta = DefaultDevice.IsMeta();

        var (mean, _) = vae.Encode(pixels);

        Assert.True(double.IsFinite(vae.Picture(mean).sum().item<float>()));
    }

    /// <summary>As a session puts it on, and in training.</summary>
    private static AdaptedModel Adapt(Network model, AdapterConfig config)
    {
        var adapted = AdaptedModel.Inject(model, config, savedModules: model.HeadModules);
        model.BeginForward = adapted.BeginPass;
        model.train();
        return adapted;
    }

    /// <summary>A training step on data that are there: forward and backward pass, penalty, clipping, optimizer, average.</summary>
    private static void Step(Objective objective, AdaptedModel adapted, IExample[] examples)
    {
        using var batch = objective.Collate(examples);
        var trained = adapted.TrainableParameters().ToArray();
        using var meta = DefaultDevice.IsMeta();
        using var optimizer = new AdamW(trained, new TrainConfig { WeightDecay = 0.1 });
        using var average = new WeightAverage(trained, 0.9);
        using var method = adapted.Config.Kind.Training(adapted, 1000, seed: 1);
        method?.BeginStep(0);

        using var loss = objective.LossSum(batch);
        loss.backward();
        method?.Penalty()?.backward();
        Gradients.Clip(trained.Select(p => p.Value), Gradients.Norm(trained.Select(p => p.Value)), maximum: 0.01);
        optimizer.Step(0.01);
        method?.EndStep(0);
        average.Update(0);

        Assert.True(float.IsFinite(loss.item<float>()));
        Assert.All(adapted.BlockParameters(), p => Assert.Equal(DeviceType.CPU, p.Value.grad?.device_type));
        Assert.All(trained, p => Assert.True(float.IsFinite(p.Value.sum().item<float>())));
        Assert.All(optimizer.State.Concat(average.State), state => Assert.True(float.IsFinite(state.Value.sum().item<float>())));
    }

    private static AdapterConfig Config(string method, ShortcutKind kind) =>
        DenseAdapters.Config(method, kind) with { Method = method, Dropout = 0.1 };

    private static TokenizedSample[] Plain() => [.. _texts.Select(text => text with { TypeIds = null })];

    private static BertModel Bert(string family, ModelHead head) =>
        new(TinyBert.Config(family) with { HiddenDropout = 0.1, AttentionDropout = 0.1 }, head);

    private static TextLabelObjective Labels(BertModel model) => model.Head!.Kind == ModelHeadKind.Score
        ? new(model, LabelledTaskRegistry.Get("regression"), null)
        : new(model, LabelledTaskRegistry.Get("classification"), new LabelSet(model.Head.Labels));

    private static PictureLabelObjective Pictures(VitModel model) =>
        new(model, LabelledTaskRegistry.Get("classification"), new LabelSet(model.Head!.Labels));

    private static DenoisingObjective Denoising(bool trainsText) => new(
        new StableDiffusionModel(new ClipTextModel(TinyPipeline.Text), new UNetModel(TinyPipeline.UNet)),
        new NoiseSchedule(TestSchedules.Published), new DenoisingConfig { SnrGamma = 5 }, trainsText);

    private sealed record Flat(double Label) : PictureExample(5, Label)
    {
        public override void AppendTo(IncrementalHash hash)
        {
        }

        public override float[] Pixels(ulong? seed) => [.. Enumerable.Range(0, 3 * 8 * 8).Select(i => (float)Math.Sin(i))];
    }

    private sealed record Latent() : DenoisingExample(8 * 8)
    {
        public override void AppendTo(IncrementalHash hash)
        {
        }

        public override (Tensor Mean, Tensor Deviation) Latents(bool mirrored) => (zeros(4, 8, 8), ones(4, 8, 8));

        public override IReadOnlyList<int> Ids(bool isDropped) => new int[TinyPipeline.Tokens];

        public override Tensor Text(bool isDropped) => ones(TinyPipeline.Tokens, 8);
    }
}
