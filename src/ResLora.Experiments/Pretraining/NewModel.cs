using System.Text;
using System.Text.Json.Nodes;
using ResLora.Experiments.Configuration;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Models;
using ResLora.Text.Tokenization;
using ResLora.Training.Objectives;
using static TorchSharp.torch;

namespace ResLora.Experiments.Pretraining;

/// <summary>A model made from a description, with its tokenizer and the files that both are saved as.</summary>
internal sealed class NewModel : IDisposable
{
    private readonly JsonObject _config;
    private readonly IReadOnlyDictionary<string, byte[]> _companions;
    private readonly PretrainConfig _setup;
    private readonly ScalarType _savedType;

    /// <summary>Makes a model without weights yet, and its tokenizer.</summary>
    /// <param name="config">The description, free of problems.</param>
    /// <param name="texts">What a new tokenizer is trained on.</param>
    /// <exception cref="ResLoraException">The description cannot be carried out, or the tokenizer's folder cannot be used.</exception>
    public NewModel(PretrainConfig config, IEnumerable<string> texts)
    {
        _setup = config;
        _savedType = config.SaveAs switch
        {
            "float32" => ScalarType.Float32,
            "float16" => ScalarType.Float16,
            _ => ScalarType.BFloat16,
        };
        (_companions, Tokenizer) = config.Tokenizer.From is { } folder
            ? (TokenizerFiles(folder), Tokenizer.Load(folder))
            : Trained(config, texts);
        if (config.Model.Vocabulary < Tokenizer.VocabularySize)
        {
            throw new ConfigException($"model.vocabulary is {config.Model.Vocabulary}, and the tokenizer has {Tokenizer.VocabularySize} tokens; give at least as many, or leave it out.");
        }

        if (config.Objective == PretrainObjective.MaskedTokens && (Tokenizer.MaskId is null || Tokenizer.PadId is null))
        {
            throw new ConfigException(
                "tokenizer.from: a RoBERTa (objective mlm) needs a tokenizer with tokens for hidden words and for padding; "
                + "this one names none.");
        }

        var network = Describe(config, Tokenizer);
        ConfigBinder.ThrowIfAny("model", network.Problems);
        (_config, Objective) = (network.Config, network.Build() switch
        {
            CausalLanguageModel causal => new NextTokenObjective(causal, Tokenizer.PadId ?? 0),
            EncoderModel encoder => new MaskedTokenObjective(encoder, Tokenizer.MaskId!.Value, config.PredictedShare),
            var other => throw new InvalidOperationException($"Nothing is known that a {other.GetName()} could learn from texts."),
        });
    }

    /// <summary>What the model learns.</summary>
    public TextObjective Objective { get; }

    /// <summary>The model; on the meta device until its weights are drawn.</summary>
    public LanguageModel Model => Objective.Model;

    /// <summary>Its tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    private long ShardBytes => ByteSize.Parse("maxShardSize", _setup.MaxShardSize);

    /// <summary>Draws the weights to train: float32, every one of them trainable.</summary>
    public void Initialize() => ModelWeights.Initialize(Model, _setup.Model.InitializerRange, _setup.Training.Seed, float32, CPU);

    /// <summary>Writes the model folder with the weights that the model has.</summary>
    public void Save(string folder) => ModelFolder.Write(Model, _config, _companions, folder, _savedType, overwrite: true, ShardBytes);

    /// <summary>Writes the model folder with random weights that are drawn on the way; the model itself stays without.</summary>
    public void SaveUntrained(string folder, bool overwrite) => ModelFolder.WriteDrawn(
        Model, _config, _companions, folder, new NewWeights(_setup.Model.InitializerRange, _setup.Training.Seed), _savedType, overwrite, ShardBytes);

    public void Dispose() => Model.Dispose();

    private static (IReadOnlyDictionary<string, byte[]> Files, Tokenizer Tokenizer) Trained(PretrainConfig config, IEnumerable<string> texts)
    {
        var options = new BpeTrainingOptions
        {
            VocabularySize = config.Tokenizer.Vocabulary,
            MinimumCount = config.Tokenizer.MinimumCount,
            IndividualDigits = config.Tokenizer.IndividualDigits,
            Layout = config.Objective == PretrainObjective.MaskedTokens ? BpeLayout.Roberta : BpeLayout.Causal,
        };
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal)
        {
            ["tokenizer.json"] = Encoding.UTF8.GetBytes(ByteLevelBpeTrainer.Train(texts, options) + "\n"),
            ["tokenizer_config.json"] = Encoding.UTF8.GetBytes(ByteLevelBpeTrainer.DescribeConfig(options, config.Model.MaxLength) + "\n"),
        };
        return (files, LoadTokenizer(files));
    }

    private static NewNetwork Describe(PretrainConfig config, Tokenizer tokenizer)
    {
        var model = config.Model;
        return ModelRegistry.Find(config.Objective == PretrainObjective.MaskedTokens ? "roberta" : "llama")!.New!(new TextNetworkShape
        {
            Layers = model.Layers,
            Hidden = model.Hidden,
            Intermediate = model.Intermediate,
            Heads = model.Heads,
            KeyValueHeads = model.KeyValueHeads ?? model.Heads,
            Vocabulary = model.Vocabulary ?? tokenizer.VocabularySize,
            MaxLength = model.MaxLength,
            TieEmbeddings = model.TieEmbeddings,
            Dropout = model.Dropout,
            RopeTheta = model.RopeTheta,
            InitializerRange = model.InitializerRange,
            BeginId = tokenizer.BeginId,
            EndId = tokenizer.EndId,
            PadId = tokenizer.PadId,
        });
    }

    /// <summary>Without what belongs to the other model: its licence and its settings for generation.</summary>
    private static Dictionary<string, byte[]> TokenizerFiles(string folder) => ModelFolder.Companions(folder)
        .Where(file => file.Key is not ("LICENSE" or "generation_config.json"))
        .ToDictionary(StringComparer.Ordinal);

    /// <summary>By way of files, so that what is trained with is what will be loaded.</summary>
    private static Tokenizer LoadTokenizer(Dictionary<string, byte[]> files)
    {
        var folder = Directory.CreateTempSubdirectory("reslora-");
        try
        {
            foreach (var (name, content) in files)
            {
                AtomicFile.Write(Path.Combine(folder.FullName, name), stream => stream.Write(content));
            }

            return Tokenizer.Load(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
