using System.Security.Cryptography;
using ResLora.Models;
using ResLora.Models.Diffusion;
using ResLora.Models.StableDiffusion;
using ResLora.Tests.Models;
using ResLora.Tests.Models.UNet;
using ResLora.Tests.Support;
using ResLora.Training.Objectives.Denoising;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Objectives.Denoising;

public sealed class DenoisingObjectiveTests : IDisposable
{
    private const int Timesteps = 1000;
    private const int Numbers = 4 * 8 * 8;
    private const double Float32 = 1e-5;   // relative: sums of some hundred numbers

    private static readonly int[] _bandTimesteps = [0, 249, 250, 999, 998];

    private readonly TextToImageModel _model =
        new StableDiffusionModel(TinyClip.Create(TinyPipeline.Text), TinyUNet.Create(TinyPipeline.UNet));

    [Theory]
    [InlineData("epsilon", null)]
    [InlineData("epsilon", 5.0)]
    [InlineData("v_prediction", null)]
    [InlineData("v_prediction", 5.0)]
    [InlineData("sample", 5.0)]
    public void LossSum_OfFixedNoise_IsTheEquation(string prediction, double? gamma)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var objective = Objective(new DenoisingConfig { SnrGamma = gamma }, prediction);
        Picture[] pictures =
        [
            new(1) { Fixed = new FixedNoise(3, 11) }, new(2) { Fixed = new FixedNoise(480, 12) }, new(3) { Fixed = new FixedNoise(999, 13) },
        ];

        using var batch = objective.Collate(pictures);
        var loss = objective.LossSum(batch).item<float>();

        var expected = pictures.Sum(picture => ByHand(picture, prediction, gamma) * Numbers);
        Assert.Equal(pictures.Length * Numbers, batch.TargetCount);
        Assert.InRange(loss / expected, 1 - Float32, 1 + Float32);
    }

    [Fact]
    public void Collate_OfFixedNoise_IsTheSameEveryTimeAndInEveryBatch()
    {
        using var scope = NewDisposeScope();
        var objective = Objective(new DenoisingConfig { NoiseOffset = 0.5, CaptionDropout = 1, HorizontalFlip = 1 });
        Picture[] pictures = [.. Enumerable.Range(0, 4).Select(i => new Picture(i) { Fixed = new FixedNoise(200 * i, i) })];

        var whole = Of(objective, pictures);
        random.manual_seed(1);
        var parts = pictures.Select(picture => Of(objective, picture)).ToArray();

        Assert.Equal(Values(whole.Noisy), parts.SelectMany(part => Values(part.Noisy)));
        Assert.Equal(Values(whole.Targets), parts.SelectMany(part => Values(part.Targets)));
        Assert.Equal(Values(whole.Condition), parts.SelectMany(part => Values(part.Condition)));
        Assert.DoesNotContain(0f, Values(whole.Condition));   // which the empty caption is
    }

    /// <summary>The mean of one random number a channel, and nothing else of the draws moves.</summary>
    [Fact]
    public void Collate_WithANoiseOffset_AddsOneNumberToEachChannel()
    {
        using var scope = NewDisposeScope();
        var plain = Drawn(new DenoisingConfig(), 6).Targets;

        var small = Drawn(new DenoisingConfig { NoiseOffset = 0.1 }, 6).Targets - plain;
        var large = Drawn(new DenoisingConfig { NoiseOffset = 0.2 }, 6).Targets - plain;

        var channels = small.flatten(2);   // [6, 4, 64]
        Assert.InRange((channels - channels.mean([2], keepdim: true)).abs().max().item<float>(), 0, 1e-6);
        Assert.InRange((large - (small * 2)).abs().max().item<float>(), 0, 1e-6);
        Assert.InRange(channels.select(2, 0).std().item<float>(), 0.05, 0.2);
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0.3, 130, 230)]   // of 600; six standard deviations are 67
    [InlineData(1, 600, 600)]
    public void Collate_WithCaptionDropout_HasThatShareOfEmptyCaptions(double share, int least, int most)
    {
        using var scope = NewDisposeScope();
        var (plain, dropped) = (Drawn(new DenoisingConfig(), 600), Drawn(new DenoisingConfig { CaptionDropout = share }, 600));

        var empty = dropped.Condition.flatten(1).abs().sum(1).eq(0).sum().item<long>();

        Assert.InRange(empty, least, most);
        Assert.Equal(Values(plain.Noisy), Values(dropped.Noisy));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0.3, 130, 230)]
    [InlineData(1, 600, 600)]
    public void Collate_WithFlips_MirrorsThatShareOfPictures(double share, int least, int most)
    {
        using var scope = NewDisposeScope();
        var pictures = Pictures(600);
        random.manual_seed(5);

        using var batch = Objective(new DenoisingConfig { HorizontalFlip = share }).Collate(pictures);

        Assert.InRange(pictures.Count(picture => picture.WasMirrored), least, most);
        Assert.All(pictures, picture => Assert.Equal(1, picture.Reads));
    }

    [Fact]
    public void Collate_InTraining_DrawsLatentsAboutTheMeanAndAllTimesteps()
    {
        using var scope = NewDisposeScope();
        var batch = Drawn(new DenoisingConfig(), 600);
        var timesteps = batch.Timesteps.data<long>().ToArray();

        var schedule = Schedule("epsilon");
        var signal = tensor(timesteps.Select(t => (float)Math.Sqrt(schedule.AlphaBars[(int)t])).ToArray()).view(-1, 1, 1, 1);
        var noise = (1 - signal.square()).sqrt();
        var latents = (batch.Noisy - (noise * batch.Targets)) / signal;
        var low = timesteps.Select(t => t < 300).ToArray();   // above, the division amplifies rounding
        var spread = latents[tensor(low)] - stack([.. Pictures(600).Where((_, i) => low[i]).Select(picture => picture.Mean())]);

        Assert.InRange(timesteps.Min(), 0, 20);
        Assert.InRange(timesteps.Max(), Timesteps - 20, Timesteps - 1);
        Assert.InRange(timesteps.Average(), 430, 570);
        Assert.InRange(spread.std().item<float>() / Picture.Spread, 0.98, 1.02);
        Assert.InRange(spread.mean().item<float>() / Picture.Spread, -0.02, 0.02);
    }

    [Fact]
    public void Measure_PicturesInBands_IsThePlainErrorOfEach()
    {
        var objective = Objective(new DenoisingConfig { SnrGamma = 1, NoiseOffset = 1, CaptionDropout = 1 });
        Picture[] pictures = [.. _bandTimesteps.Select((timestep, i) => new Picture(i) { Fixed = new FixedNoise(timestep, i) })];

        var one = objective.Measure(pictures, 1, TestContext.Current.CancellationToken);
        var three = objective.Measure(pictures, 3, TestContext.Current.CancellationToken);

        double[] errors = [.. pictures.Select(picture => ByHand(picture, "epsilon", null))];
        double[] expected = [errors.Average(), (errors[0] + errors[1]) / 2, errors[2], 0, (errors[3] + errors[4]) / 2];
        Assert.Equal(
            [
                "eval_loss", "eval_timesteps_0_to_249", "eval_timesteps_250_to_499", "eval_timesteps_500_to_749", "eval_timesteps_750_to_999",
            ],
            one.Keys);
        Assert.Equal(objective.Metrics, one.Keys);
        foreach (var measured in new[] { one, three })
        {
            Assert.All(
                expected.Zip(measured.Values), pair => Assert.InRange(pair.Second, pair.First * (1 - Float32), pair.First * (1 + Float32)));
        }
    }

    [Fact]
    public void PartOf_TimestepsThatBandsDoNotDivide_IsTheBandThatNamesIt()
    {
        var objective = new DenoisingObjective(_model, Schedule("epsilon", 10), new DenoisingConfig(), trainsText: false);

        var parts = Enumerable.Range(0, 10).Select(timestep => objective.PartOf(new Picture(0) { Fixed = new FixedNoise(timestep, 0) }));

        Assert.Equal(["timesteps_0_to_2", "timesteps_3_to_4", "timesteps_5_to_7", "timesteps_8_to_9"], objective.Parts);
        Assert.Equal([0, 0, 0, 1, 1, 2, 2, 2, 3, 3], parts);
    }

    /// <summary>The loss is a square in the last bias, so that the central difference has no error but rounding.</summary>
    [Fact]
    public void LossSum_Gradient_IsTheSlope()
    {
        const float step = 0.5f;
        using var scope = NewDisposeScope();
        var objective = Objective(new DenoisingConfig { SnrGamma = 5 });
        using var batch = objective.Collate(
            [new Picture(1) { Fixed = new FixedNoise(300, 1) }, new Picture(2) { Fixed = new FixedNoise(900, 2) }]);
        var bias = _model.named_parameters().Single(p => p.name == "unet.conv_out.bias").parameter;

        bias.requires_grad = true;
        objective.LossSum(batch).backward();
        var gradient = Values(bias.grad!);
        bias.requires_grad = false;
        var slopes = Enumerable.Range(0, 4).Select(i => (Moved(i, step) - Moved(i, -step)) / (2 * step)).ToArray();

        Assert.All(slopes.Zip(gradient), pair => Assert.InRange(
            pair.Second, pair.First - (1e-3 * Math.Abs(pair.First)) - 1e-3, pair.First + (1e-3 * Math.Abs(pair.First)) + 1e-3));

        double Moved(int place, float by)
        {
            using var noGradient = no_grad();
            bias[place] += by;
            var loss = objective.LossSum(batch).item<float>();
            bias[place] -= by;
            return loss;
        }
    }

    [Fact]
    public void LossSum_WithATrainedTextEncoder_EncodesTokensAndReachesItsWeights()
    {
        using var scope = NewDisposeScope();
        var frozen = Objective(new DenoisingConfig());
        var trained = new DenoisingObjective(_model, Schedule("epsilon"), new DenoisingConfig(), trainsText: true);
        var picture = new Picture(1) { Fixed = new FixedNoise(500, 1) };
        foreach (var parameter in _model.TextEncoder.parameters())
        {
            parameter.requires_grad = true;
        }

        // The frozen one is given what the text encoder says, the other one the tokens.
        using var tokens = (DenoisingBatch)trained.Collate([picture]);
        using (no_grad())
        {
            picture.Encoded = _model.Encode(tokens.Condition)[0];
        }

        using var states = frozen.Collate([picture]);
        var (fromStates, fromTokens) = (frozen.LossSum(states), trained.LossSum(tokens));
        fromTokens.backward();

        Assert.Equal((ScalarType.Int64, 2L), (tokens.Condition.dtype, tokens.Condition.dim()));
        Assert.Equal(fromStates.item<float>(), fromTokens.item<float>(), 1e-3);
        Assert.False(fromStates.requires_grad);
        Assert.Contains(
            _model.TextEncoder.named_parameters(),
            p => p.name.EndsWith("q_proj.weight", StringComparison.Ordinal) && p.parameter.grad!.abs().sum().item<float>() > 0);
    }

    [Fact]
    public void StepAndMeasure_LeaveNoTensors()
    {
        var objective = Objective(new DenoisingConfig { SnrGamma = 5, HorizontalFlip = 0.5 });
        var pictures = Pictures(3);
        Picture[] measured = [.. pictures.Select(picture => picture with { Fixed = new FixedNoise(10, 1) })];
        Run();

        var growth = LiveTensors.Growth(Run);

        Assert.Equal(0, growth);

        void Run()
        {
            using var scope = NewDisposeScope();
            using (var batch = objective.Collate(pictures))
            {
                objective.LossSum(batch).Dispose();
                objective.Forward(batch);
            }

            objective.Measure(measured, 2, TestContext.Current.CancellationToken);
        }
    }

    public void Dispose() => _model.Dispose();

    private DenoisingBatch Drawn(DenoisingConfig config, int count)
    {
        random.manual_seed(5);
        return Of(Objective(config), Pictures(count));
    }

    private static DenoisingBatch Of(DenoisingObjective objective, params Picture[] pictures)
    {
        var batch = (DenoisingBatch)objective.Collate(pictures);
        return batch;
    }

    private static Picture[] Pictures(int count) => [.. Enumerable.Range(0, count).Select(i => new Picture(i))];

    private DenoisingObjective Objective(DenoisingConfig config, string prediction = "epsilon") =>
        new(_model, Schedule(prediction), config, trainsText: false);

    private static NoiseSchedule Schedule(string prediction, int timesteps = Timesteps) => new(new SchedulerConfig
    {
        TrainTimesteps = timesteps,
        ClassName = "DDPMScheduler",
        BetaStart = 0.00085,
        BetaEnd = 0.012,
        BetaSchedule = "scaled_linear",
        PredictionName = prediction,
    });

    private static float[] Values(Tensor tensor) => tensor.to(float32).contiguous().data<float>().ToArray();

    /// <summary>Weight · mean squared error of a picture, number by number.</summary>
    private double ByHand(Picture picture, string prediction, double? gamma)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var alpha = 1.0;
        for (var t = 0; t <= picture.Fixed!.Timestep; t++)
        {
            var root = Math.Sqrt(0.00085) + ((Math.Sqrt(0.012) - Math.Sqrt(0.00085)) * t / (Timesteps - 1));
            alpha *= 1 - (root * root);
        }

        using var generator = new Generator((ulong)picture.Fixed.Seed, CPU);
        var (clean, noise) = (Values(picture.Mean()), Values(randn([4, 8, 8], generator: generator)));
        var noisy = clean.Zip(noise, (x, e) => (float)((Math.Sqrt(alpha) * x) + (Math.Sqrt(1 - alpha) * e))).ToArray();
        var said = Values(_model.Denoise(
            tensor(noisy).view(1, 4, 8, 8), tensor([(long)picture.Fixed.Timestep]), picture.Text(isDropped: false).unsqueeze(0)));
        var sum = 0.0;
        for (var i = 0; i < said.Length; i++)
        {
            var wanted = prediction switch
            {
                "v_prediction" => (Math.Sqrt(alpha) * noise[i]) - (Math.Sqrt(1 - alpha) * clean[i]),
                "sample" => clean[i],
                _ => noise[i],
            };
            sum += Math.Pow(said[i] - wanted, 2);
        }

        var snr = alpha / (1 - alpha);
        var weight = gamma is not { } most
            ? 1
            : Math.Min(snr, most) / (prediction switch { "v_prediction" => snr + 1, "sample" => 1, _ => snr });
        return weight * sum / said.Length;
    }

    private sealed record Picture(int Number) : DenoisingExample(8 * 8)
    {
        public const float Spread = 0.3f;

        public Tensor? Encoded { get; set; }

        public bool WasMirrored { get; private set; }

        public int Reads { get; private set; }

        public override void AppendTo(IncrementalHash hash) => hash.AppendData(BitConverter.GetBytes(Number));

        public override (Tensor Mean, Tensor Deviation) Latents(bool mirrored)
        {
            (WasMirrored, Reads) = (WasMirrored || mirrored, Reads + 1);
            return (Mean(), full([4, 8, 8], Spread));
        }

        public override IReadOnlyList<int> Ids(bool isDropped) =>
            [.. Enumerable.Range(0, TinyPipeline.Tokens).Select(i => isDropped ? 0 : (7 * Number) + i)];

        public override Tensor Text(bool isDropped) =>
            isDropped ? zeros(TinyPipeline.Tokens, 8) : Encoded?.alias() ?? full([TinyPipeline.Tokens, 8], 0.1f * (1 + (Number % 7)));

        public Tensor Mean()
        {
            using var scope = NewDisposeScope();
            return (arange(Numbers, dtype: float32) * 0.7 + Number).sin().view(4, 8, 8).MoveToOuterDisposeScope();
        }
    }
}
