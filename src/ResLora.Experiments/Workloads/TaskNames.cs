using ResLora.Experiments.Workloads.Pictures;

namespace ResLora.Experiments.Workloads;

/// <summary>The names of tasks, for those who list them.</summary>
public static class TaskNames
{
    /// <summary>The task with labels of pictures.</summary>
    public static string Pictures => PictureWorkload.TaskName;
}
