using ResLora.Experiments.Configuration;
using ResLora.Experiments.Places;
using ResLora.Formats;
using ResLora.Images.Augmentation;
using ResLora.Text.Data.Chat;
using ResLora.Text.Data.Tasks;
using ResLora.Text.Tokenization;

namespace ResLora.Experiments.Workloads;

/// <summary>What is trained and validated on.</summary>
public sealed record DataConfig
{
    /// <summary>The most samples that validate when <see cref="ValidationCount"/> does not say.</summary>
    public const int UsualValidationCount = 100;

    /// <summary>The default of <see cref="PictureCache"/>.</summary>
    internal const string UsualPictureCache = "256MB";

    /// <summary>The training data: a file, the data set's own folder, or <c>hub:org/name</c> (docs/hub.md).</summary>
    [ConfigPath(PlaceKind.Data)]
    public required string Train { get; init; }

    /// <summary>
    /// The validation data, as <c>train</c>. Default: <see cref="ValidationCount"/> samples of the training data.
    /// </summary>
    [ConfigPath(PlaceKind.Data)]
    public string? Validation { get; init; }

    /// <summary>
    /// How many training samples are held out when <see cref="Validation"/> is not given, 0 for none; else how many of its samples are used
    /// at most. Default: a tenth of the training samples, at least 1 and at most 100; 100 of a validation file.
    /// </summary>
    public int? ValidationCount { get; init; }

    /// <summary>
    /// The seed that draws the samples held out. It is not <c>training.seed</c>, so that runs with other seeds are scored on the same
    /// samples. Default 0.
    /// </summary>
    public long SplitSeed { get; init; }

    /// <summary>How many training samples are read from the start of the data; of pictures, how many are drawn by the seed. Default:
    /// all.</summary>
    public int? Limit { get; init; }

    /// <summary>
    /// The task's name of a column to the file's name of it, such as <c>prompt: question</c>. Default: the task's own names.
    /// </summary>
    public IReadOnlyDictionary<string, string> Columns { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// For tasks with labels: their names in the order of the classifier's outputs. Default: the task's own, or those found in the training
    /// data, sorted.
    /// </summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>
    /// Which text of a pair is cut when it is longer than <c>training.maxLength</c>, for tasks with labels: longest_first, only_first or
    /// only_second. Default longest_first.
    /// </summary>
    public Truncation Truncation { get; init; } = Truncation.LongestFirst;

    /// <summary>
    /// For models with a chat template: whether prompts with completions are written as a turn of the user and one of the assistant: auto,
    /// where the model has a template, or never. Conversations always are. Default auto.
    /// </summary>
    public ChatTemplateUse ChatTemplate { get; init; }

    /// <summary>A file with a chat template in Jinja, which is used in place of the model's own. Default: the model's.</summary>
    [ConfigPath]
    public string? ChatTemplateFile { get; init; }

    /// <summary>
    /// Which tokens of a conversation are trained: assistant (each of its turns with the end-of-turn token), last (its last turn) or all.
    /// Default assistant.
    /// </summary>
    public TrainOn TrainOn { get; init; }

    /// <summary>
    /// For tasks that generate text: a regular expression whose first group is the answer, in what is generated as in what is right, for
    /// exact match. The last match of a text counts. Default: the task's own way.
    /// </summary>
    public string? AnswerPattern { get; init; }

    /// <summary>For pictures: how they are changed at random while the model trains. Default: not at all.</summary>
    public AugmentConfig? Augment { get; init; }

    /// <summary>
    /// For pictures: whether those that cannot be decoded are counted, told and left out; else one of them ends the run. All are decoded
    /// once for it before training. Default false.
    /// </summary>
    public bool SkipBroken { get; init; }

    /// <summary>
    /// For pictures: the most memory for decoded ones that are kept, such as <c>2GB</c>; those of the next step may take as much again.
    /// Default 256MB.
    /// </summary>
    public string PictureCache { get; init; } = UsualPictureCache;

    /// <summary>What is given that has a meaning for generated text only, a phrase each.</summary>
    internal IEnumerable<string> GivenForGeneration()
    {
        (string Name, bool IsGiven)[] keys =
        [
            ("chatTemplate", ChatTemplate != ChatTemplateUse.Auto), ("chatTemplateFile", ChatTemplateFile is not null),
            ("trainOn", TrainOn != TrainOn.Assistant), ("answerPattern", AnswerPattern is not null),
        ];
        return keys.Where(key => key.IsGiven)
            .Select(key => $"{key.Name} is given, and it is for tasks that generate text only; leave it out");
    }

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (ValidationCount < 0)
        {
            yield return $"validationCount is {ValidationCount}; it must be 0 or more";
        }

        if (ByteSize.TryParse(PictureCache) is null)
        {
            yield return $"pictureCache {ByteSize.Problem(PictureCache)}";
        }

        if (ChatTemplateFile is not null && ChatTemplate == ChatTemplateUse.Never)
        {
            yield return "chatTemplateFile is given, and chatTemplate is never; leave one of them out";
        }

        if (AnswerPattern is { } pattern && PatternTask.Problem(pattern) is { } fault)
        {
            yield return $"answerPattern: {fault}";
        }

        foreach (var problem in Augment?.Problems() ?? [])
        {
            yield return $"augment.{problem}";
        }

        if (Limit is < 1)
        {
            yield return $"limit is {Limit}; it must be 1 or more, or null for all samples";
        }
    }
}
