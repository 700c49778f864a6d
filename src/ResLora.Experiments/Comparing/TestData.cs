using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Training;

namespace ResLora.Experiments.Comparing;

/// <summary>Reads what the runs are measured on.</summary>
internal static class TestData
{
    private const string TextTask = "text";

    /// <summary>The test data.</summary>
    /// <param name="config">The comparison.</param>
    /// <param name="session">The network, which may be on the meta device.</param>
    /// <param name="adapter">The adapter's folder, by which it is known how training wrote its prompts; null for the model alone.</param>
    /// <exception cref="ResLoraException">The data cannot be read, or the network cannot do the task.</exception>
    public static TaskData Read(CompareConfig config, ModelSession session, string? adapter)
    {
        var (data, settings, task) = (config.Run.Data, config.Settings, config.Run.Task);
        var given = new GivenData(task, settings.Test, settings.TestSplit)
        {
            Columns = new ColumnMap(data.Columns),
            Limit = settings.TestCount,
            Adapter = adapter,
            ChatTemplate = data.ChatTemplate == ChatTemplateUse.Never ? "never" : data.ChatTemplateFile,
            AnswerPattern = data.AnswerPattern,
        };
        var workload = WorkloadRegistry.Of(task);
        workload.Require(task, session.Model, session.ModelFolder);
        return workload.Read(given, session);
    }

    /// <summary>The general text; null without one.</summary>
    /// <param name="config">The comparison.</param>
    /// <param name="session">As for <see cref="Read"/>.</param>
    /// <param name="adapter">As for <see cref="Read"/>.</param>
    /// <exception cref="ResLoraException">The text cannot be read.</exception>
    public static TaskData? ReadGeneral(CompareConfig config, ModelSession session, string? adapter)
    {
        var settings = config.Settings;
        return settings.GeneralText is not { } path
            ? null
            : WorkloadRegistry.Of(TextTask).Read(
                new GivenData(
                    TextTask, path, TaskSplit.Train)
                { Limit = settings.GeneralCount, Adapter = adapter, ChatTemplate = "never" }, session);
    }
}
