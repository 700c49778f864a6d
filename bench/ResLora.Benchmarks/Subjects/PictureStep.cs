using System.Security.Cryptography;
using ResLora.Adapters;
using ResLora.Experiments.Workloads.Pictures;
using ResLora.Formats;
using ResLora.Images.Folders;
using ResLora.Images.Preprocessing;
using ResLora.Models;
using ResLora.Models.Vit;
using ResLora.Tensors.NativeRuntime;
using ResLora.Text.Data.Labelling;
using ResLora.Training.Loop;
using ResLora.Training.Objectives;
using SkiaSharp;
using static TorchSharp.torch;

namespace ResLora.Benchmarks.Subjects;

/// <summary>
/// A vision transformer with an adapter and all that a run keeps between steps, on one batch of pictures: as numbers that are there, or
/// as JPEG files that are decoded and prepared anew for every step, on another thread, while the step before them is computed.
/// </summary>
internal sealed class PictureStep : IDisposable
{
    private const double LearningRate = 1e-4;
    private const int Quality = 90;
    private static readonly string[] _labels = ["a", "b", "c", "d", "e", "f", "g", "h"];

    private readonly ImageModel _model;
    private readonly AdamW _optimizer;
    private readonly RunRandom _random = new(seed: 0, CPU);
    private readonly PictureLabelObjective _objective;
    private readonly CollectionPause _pause;
    private readonly TrainStep _step;
    private readonly PictureExample[] _pictures;
    private int _steps;

    /// <param name="shape">The network's shape.</param>
    /// <param name="shortcut">The kind of shortcut.</param>
    /// <param name="batch">B.</param>
    /// <param name="isLoaded">Whether pictures are decoded for every step.</param>
    public PictureStep(ImageNetworkShape shape, ShortcutKind shortcut, int batch, bool isLoaded)
    {
        _model = (ImageModel)VitFamily.Family.NewOfImages!(shape).Build();
        ModelWeights.Initialize(_model, shape.InitializerRange, seed: 0, ScalarType.Float32, CPU);
        var config = new AdapterConfig
        {
            Targets = TargetModules.Suffixes([.. _model.UsualTargets]),
            Shortcut = new ShortcutConfig { Kind = shortcut },
        };
        var adapted = AdaptedModel.Inject(_model, config, savedModules: _model.HeadModules);
        _model.BeginForward = adapted.BeginPass;
        _model.train();
        _objective = new PictureLabelObjective(_model, PictureLabels.Measures(_labels.Length), new LabelSet(_labels));
        var feed = new PictureFeed(
            _model, Preprocessor.New(shape.ImageSize.Height, shape.ImageSize.Width), "the benchmark", null, cache: 0);
        _pictures =
        [
            .. Files(batch, 2 * shape.ImageSize.Width)
                .Select((file, i) => feed.Example(PictureSource.OfBytes($"{i}", $"picture {i}", file), i % _labels.Length))
                .Select(picture => isLoaded ? picture : (PictureExample)new Ready(picture.Pixels(null), picture.Size, picture.Target)),
        ];
        var setup = new TrainSetup(
            _objective, [.. adapted.TrainableParameters()], _pictures, [], new TrainConfig(), RunFolder: "", SaveModel: _ => { })
        {
            Adapter = adapted,
        };
        _optimizer = new AdamW(setup.Trainable, setup.Config);
        _pause = new CollectionPause(_objective.ManagedRoom);
        _step = new TrainStep(setup, _pictures, _optimizer, _random, method: null);
    }

    /// <summary>One optimizer step, while the next one's pictures are made ready where they are decoded.</summary>
    public void Run()
    {
        _objective.Expect(_pictures);
        _step.Run(++_steps, [[.. Enumerable.Range(0, _pictures.Length)]], LearningRate);
    }

    /// <summary>Reads, decodes and prepares the batch on this thread, and no more.</summary>
    public void Prepare()
    {
        foreach (var picture in _pictures)
        {
            picture.Pixels(null);
        }
    }

    /// <summary>Frees everything.</summary>
    public void Dispose()
    {
        _optimizer.ZeroGradients();
        _step.Dispose();
        _optimizer.Dispose();
        _random.Dispose();
        _pause.Dispose();
        _model.Dispose();
    }

    /// <summary>Squares of colours with noise on them, as JPEG.</summary>
    private static IEnumerable<byte[]> Files(int count, int size)
    {
        var random = new StableRandom(0);
        for (var i = 0; i < count; i++)
        {
            using var bitmap = new SKBitmap(size, size);
            for (var at = 0; at < size * size; at++)
            {
                var noise = (byte)(random.NextDouble() * 64);
                bitmap.SetPixel(at % size, at / size, new SKColor((byte)(at % size), (byte)(at / size), noise));
            }

            using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, Quality);
            yield return data.ToArray();
        }
    }

    private sealed record Ready(float[] Values, int Size, double? Target) : PictureExample(Size, Target)
    {
        public override void AppendTo(IncrementalHash hash) => throw new NotSupportedException();

        public override float[] Pixels(ulong? seed) => Values;
    }
}
