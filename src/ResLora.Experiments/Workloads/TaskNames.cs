using ResLora.Experiments.Workloads.Pictures;

namespace ResLora.Experiments.Workloads;

/// <summary>The names of tasks, for those who list them.</summary>
public static class TaskNames
{
    /// <summary>All of them: those that generate, those with labels of texts, those with labels of pictures.</summary>
    public static IReadOnlyList<string> All => WorkloadRegistry.Tasks;

    /// <summary>Whether a task is about pictures.</summary>
    /// <param name="task">Its name.</param>
    public static bool IsOfPictures(string task) => task == PictureWorkload.TaskName;

    /// <summary>The task with labels of pictures.</summary>
    public static string Pictures => PictureWorkload.TaskName;
}
