using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Training.FineTuning;

namespace ResLora.Experiments.Workloads.Generation;

/// <summary>What a user says of the chat template that samples are written with.</summary>
internal static class ChatChoice
{
    private const string Auto = "auto";
    private const string Never = "never";
    private const long MostBytes = 1 << 20;

    /// <summary>What a run's settings say.</summary>
    /// <param name="data">The settings.</param>
    /// <exception cref="FileFormatException">The template's file cannot be read.</exception>
    public static ChatUse Of(DataConfig data) =>
        OfFile(data.ChatTemplateFile, data.ChatTemplate == ChatTemplateUse.Auto) with { TrainOn = data.TrainOn };

    /// <summary>What a command line says of a trained model, by default as it was trained.</summary>
    /// <param name="said">auto, never or a file; null for nothing.</param>
    /// <param name="trained">The adapter's folder, or the model's.</param>
    /// <exception cref="FileFormatException">A file cannot be read.</exception>
    public static ChatUse Of(string? said, string? trained) => said switch
    {
        null => trained is null || TrainedPrompt.Read(trained) is not { } prompt ? new ChatUse() : OfTraining(prompt),
        Auto => new ChatUse(),
        Never => new ChatUse(IsForPrompts: false),
        { } file => OfFile(file, isForPrompts: true),
    };

    /// <summary>The file that a command line names; null where it names none.</summary>
    /// <param name="said">auto, never or a file; null for nothing.</param>
    public static string? FileOf(string? said) => said is Auto or Never ? null : said;

    /// <summary>
    /// What training wrote, for those who ask as it did: the model's own template by its name, else its text; null for none.
    /// </summary>
    /// <param name="use">What it was trained with.</param>
    public static string? Written(ChatUse use) => use.IsForPrompts ? use.Template ?? TrainedPrompt.OwnTemplate : null;

    private static ChatUse OfTraining(TrainedPrompt prompt) => prompt.ChatTemplate switch
    {
        null => new ChatUse(IsForPrompts: false),
        TrainedPrompt.OwnTemplate => new ChatUse(),
        { } text => new ChatUse(Template: text, TemplateName: "the chat template of training"),
    };

    private static ChatUse OfFile(string? file, bool isForPrompts) => file is null
        ? new ChatUse(isForPrompts)
        : new ChatUse(isForPrompts, InputFile.ReadText(file, MostBytes), file);
}
