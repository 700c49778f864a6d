using System.Globalization;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Text.Data.Tasks;
using ResLora.Text.Tokenization;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Pretraining;

/// <summary>A Llama or a RoBERTa with its tokenizer, and the texts that it learns from.</summary>
internal sealed class NewTextModel : NewModel
{
    private readonly PretrainConfig _config;
    private readonly Tokenizer _tokenizer;
    private readonly IReadOnlyList<Sample> _train;
    private readonly IReadOnlyList<Sample> _heldOut;

    private NewTextModel(PretrainConfig config, NewTokenizer tokenizer, (IReadOnlyList<Sample> Train, IReadOnlyList<Sample> HeldOut) texts)
        : base(config, Describe(config, tokenizer.Tokenizer), tokenizer.Files)
    {
        (_config, _tokenizer, _train, _heldOut) = (config, tokenizer.Tokenizer, texts.Train, texts.HeldOut);
        Objective = Model switch
        {
            CausalLanguageModel causal => new NextTokenObjective(causal, _tokenizer.PadId ?? 0),
            EncoderModel encoder => new MaskedTokenObjective(encoder, _tokenizer.MaskId!.Value, config.PredictedShare),
            var other => throw new InvalidOperationException($"Nothing is known that a {other.GetName()} could learn from texts."),
        };
    }

    /// <inheritdoc />
    public override Objective Objective { get; }

    /// <inheritdoc />
    public override long? Vocabulary => ((LanguageModel)Model).VocabularySize;

    /// <summary>Reads the texts, and makes a tokenizer and a model for them.</summary>
    public static new NewTextModel Of(PretrainConfig config)
    {
        var texts = config is { InitOnly: true, Tokenizer.From: not null } ? ([], []) : Read(config);
        var tokenizer = NewTokenizer.Of(config, texts.Train.Select(sample => sample.Completion));
        return config.InitOnly || tokenizer.Tokenizer.EndId is not null
            ? new NewTextModel(config, tokenizer, texts)
            : throw new ConfigException(
                $"tokenizer.from: training from scratch puts a token behind each text, and {tokenizer.Tokenizer.Ends.Absence}.");
    }

    /// <inheritdoc />
    public override (IReadOnlyList<IExample> Train, IReadOnlyList<IExample> HeldOut, KeyValuePair<string, string> Fact) Encode()
    {
        var rows = Pack(_train);
        return (rows, Pack(_heldOut), new("texts", string.Create(
            CultureInfo.InvariantCulture, $"{_train.Count:N0} documents in {rows.Count:N0} rows of {_config.Training.MaxLength} tokens, {_heldOut.Count} held out")));
    }

    private static (IReadOnlyList<Sample> Train, IReadOnlyList<Sample> HeldOut) Read(PretrainConfig config)
    {
        var columns = config.Column == PretrainConfig.UsualColumn ? ColumnMap.Default : new ColumnMap(
            new Dictionary<string, string> { ["text"] = config.Column });
        var samples = TaskRegistry.Get("text", columns).Read(config.Texts!, TaskSplit.Train, config.Limit);
        return (config.ValidationCount, samples) switch
        {
            (0, _) => (samples, []),
            (null, [var text]) => DataSplit.HoldOutEnd(text),
            (var count, _) =>
                DataSplit.HoldOut(
                    samples, count ?? DataSplit.UsualCount(samples.Count, PretrainConfig.UsualValidationCount), config.SplitSeed),
        };
    }

    private IReadOnlyList<TokenizedSample> Pack(IReadOnlyList<Sample> samples)
    {
        var end = _tokenizer.EndId!.Value;
        var documents = samples.Select(sample => (IReadOnlyList<int>)[.. _tokenizer.EncodePrompt(sample.Completion), end]);
        var rows = PackedRows.Pack(documents, _config.Training.MaxLength, _tokenizer.Before);
        return _config.Objective == PretrainObjective.Causal ? rows : [.. rows.Select(
            row => row with { Labels = [.. row.Ids.Select(Offered)] })];
    }

    /// <summary>Every token may be hidden but the special ones.</summary>
    private int Offered(int id) => _tokenizer.IsSpecial(id) ? TokenizedSample.Masked : id;

    private static NewNetwork Describe(PretrainConfig config, Tokenizer tokenizer)
    {
        var model = config.Model;
        if (model.Vocabulary < tokenizer.VocabularySize)
        {
            throw new ConfigException($"model.vocabulary is {model.Vocabulary}, and the tokenizer has {tokenizer.VocabularySize} tokens; give at least as many, or leave it out.");
        }

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
}
