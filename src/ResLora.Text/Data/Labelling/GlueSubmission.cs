using System.Globalization;
using System.Text;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Text.Data.Labelling;

/// <summary>Writes predictions as GLUE's server reads them: a file a task, <c>index</c> and <c>prediction</c> with a tab between.</summary>
public static class GlueSubmission
{
    /// <summary>Writes predicted labels: their names for MNLI, QNLI and RTE, their numbers in GLUE's order for the others.</summary>
    /// <param name="folder">Where the file goes, under the name that GLUE gives it; made if missing.</param>
    /// <param name="task">One of GLUE's classification tasks.</param>
    /// <param name="indices">The numbers of the examples of the test split.</param>
    /// <param name="predictions">The name of the predicted label for each of them.</param>
    /// <returns>The file's path.</returns>
    /// <exception cref="ConfigException">The task is not GLUE's, or the disk refuses.</exception>
    /// <exception cref="ArgumentException">There are not as many predictions as examples, a prediction is no label of the task, or the task
    /// predicts scores.</exception>
    public static string Write(string folder, LabelledTask task, IReadOnlyList<long> indices, IReadOnlyList<string> predictions)
    {
        ArgumentNullException.ThrowIfNull(task);
        return Write(folder, task, indices, predictions, task.Labels, name =>
        {
            var number = task.Labels!.Find(name) ?? throw new ArgumentException(
                $"'{name}' is no label of task '{task.Name}'.", nameof(predictions));
            return task.Spec.SubmitsNames ? name : number.ToString(CultureInfo.InvariantCulture);
        });
    }

    /// <summary>Writes predicted scores (STS-B) with 3 decimals.</summary>
    /// <param name="folder">Where the file goes, under the name that GLUE gives it; made if missing.</param>
    /// <param name="task">GLUE's STS-B.</param>
    /// <param name="indices">The numbers of the examples of the test split.</param>
    /// <param name="predictions">The predicted score for each of them.</param>
    /// <returns>The file's path.</returns>
    /// <exception cref="ConfigException">The task is not GLUE's, or the disk refuses.</exception>
    /// <exception cref="ArgumentException">There are not as many predictions as examples, a prediction is not finite, or the task predicts
    /// labels.</exception>
    public static string Write(string folder, LabelledTask task, IReadOnlyList<long> indices, IReadOnlyList<double> predictions)
    {
        ArgumentNullException.ThrowIfNull(task);
        return Write(folder, task, indices, predictions, task.IsRegression ? task : null, score => double.IsFinite(score)
            ? score.ToString("F3", CultureInfo.InvariantCulture)
            : throw new ArgumentException($"A predicted score is {score}.", nameof(predictions)));
    }

    private static string Write<T>(
        string folder, LabelledTask task, IReadOnlyList<long> indices, IReadOnlyList<T> predictions, object? fitting, Func<T, string> prediction)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(indices);
        ArgumentNullException.ThrowIfNull(predictions);
        var name = task.SubmissionFile ?? throw new ConfigException(
            $"Task '{task.Name}' is not one of GLUE's, so there is no submission for it.");
        if (fitting is null || indices.Count != predictions.Count)
        {
            throw new ArgumentException(
                $"Task '{task.Name}' has {indices.Count} examples; the {predictions.Count} predictions do not fit them in number or kind.",
                nameof(predictions));
        }

        var lines = new StringBuilder("index\tprediction\n");
        foreach (var (index, predicted) in indices.Zip(predictions))
        {
            lines.Append(CultureInfo.InvariantCulture, $"{index}\t{prediction(predicted)}\n");
        }

        var path = Path.Combine(folder, name);
        AtomicFile.WriteText(path, lines.ToString());
        return path;
    }
}
